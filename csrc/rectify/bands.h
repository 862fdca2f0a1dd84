// Rows in bands, shared among threads.
#pragma once
#include <algorithm>

#include "../pool.h"

namespace edgegeo {

// Calls work(first, stop) for bands of rows that together are [0, rows): one, or with a pool as
// many as keep its threads busy.
template <class Work>
void in_bands(Pool* pool, std::size_t rows, const Work& work) {
  constexpr std::size_t band = 32;
  if (pool == nullptr || pool->threads() == 1) return work(std::size_t{0}, rows);
  pool->run((rows + band - 1) / band, [&](std::size_t piece, std::size_t) {
    work(piece * band, std::min(rows, (piece + 1) * band));
  });
}

}  // namespace edgegeo

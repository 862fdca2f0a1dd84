// A search's rows cut into pieces for threads, and pieces into blocks for the inner loops.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "../pool.h"
#include "rows.h"

namespace edgegeo {

// Places a piece: about eight pieces a thread, so that nobody waits long for the last one, none so
// small that claiming it costs more than a percent, none over a mebibyte of rows.
inline std::size_t piece_places(std::size_t places, std::size_t row_bytes,
                                std::size_t threads) noexcept {
  const std::size_t bytes = std::max<std::size_t>(row_bytes, 1), fair = places / (8 * threads);
  const std::size_t length = std::clamp(fair, (64u << 10) / bytes, (1024u << 10) / bytes);
  return (length / Walk::widest + 1) * Walk::widest;
}

// Rows a block, in whole packs of 16: what several queries read again stays in the first-level
// cache.
inline std::size_t block_rows(std::size_t row_bytes) noexcept {
  constexpr std::size_t pack = 2 * Walk::streams;
  const std::size_t rows = (16u << 10) / std::max<std::size_t>(row_bytes, 1) / pack * pack;
  return std::clamp(rows, pack, Walk::widest);
}

template <class Row>
void prefetch(const std::int32_t* ids, std::size_t count, View<const Row> gallery) noexcept {
  constexpr std::size_t line = 64 / sizeof(Row);
  for (std::size_t i = 0; i != count; ++i) {
    const Row* row = gallery.row(static_cast<std::size_t>(ids[i]));
    for (std::size_t at = 0; at < gallery.cols; at += line) __builtin_prefetch(row + at);
  }
}

// The values, `stride` apart, that a gallery has for each row of a block; 1 where it has none.
// Streams of values beside those of the rows are more than the hardware follows, so theirs are
// asked for here.
inline void gather(const float* values, std::size_t stride, const std::int32_t* ids,
                   std::size_t count, float* out) noexcept {
  constexpr std::size_t ahead = 64;
  if (values == nullptr) {
    std::fill_n(out, count, 1.0f);
    return;
  }
  for (std::size_t i = 0; i != std::min(count, Walk::streams); ++i) {
    __builtin_prefetch(values + stride * static_cast<std::size_t>(ids[i]) + ahead);
  }
  for (std::size_t i = 0; i != count; ++i) {
    out[i] = values[stride * static_cast<std::size_t>(ids[i])];
  }
}

// Calls see(ids, rows, count, worker) for every block of rows, count <= Walk::widest, on all
// threads of the pool, or on this one where there is none.
template <class Row, class See>
void each_block(const Places& places, View<const Row> gallery, Pool* pool, const See& see) {
  const std::size_t row_bytes = gallery.cols * sizeof(Row), block = block_rows(row_bytes);
  const auto cols = static_cast<std::uint32_t>(gallery.cols);
  const std::size_t threads = pool == nullptr ? 1 : pool->threads();
  const std::size_t length = piece_places(places.size(), row_bytes, threads);

  const auto piece = [&](std::size_t at, std::size_t worker) {
    Walk walk(places, at * length, std::min(places.size(), (at + 1) * length));
    std::int32_t one[Walk::widest], other[Walk::widest];
    std::int32_t *ids = one, *following = other;
    const Row* rows[Walk::widest];
    for (std::size_t count = walk.next(block, ids), next; count != 0; count = next) {
      next = walk.next(block, following);
      if (walk.scattered()) prefetch(following, next, gallery);
      for (std::size_t i = 0; i != count; ++i) {  // a product of 32 bits, which SSE2 has
        rows[i] = gallery.data + std::uint64_t{static_cast<std::uint32_t>(ids[i])} * cols;
      }
      see(ids, rows, count, worker);
      std::swap(ids, following);
    }
  };
  const std::size_t pieces = (places.size() + length - 1) / length;
  if (pool != nullptr) return pool->run(pieces, piece);
  for (std::size_t at = 0; at != pieces; ++at) piece(at, 0);
}

}  // namespace edgegeo

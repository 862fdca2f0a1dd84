#include "dot.h"

namespace edgegeo {

void dot_scalar(const std::int8_t* queries, std::size_t q, const std::int8_t* const* rows,
                std::size_t n, std::size_t d, std::int32_t* dots) noexcept {
  for (std::size_t i = 0; i != q; ++i) {
    for (std::size_t j = 0; j != n; ++j) {
      const std::int8_t *query = queries + i * d, *row = rows[j];
      std::int32_t sum = 0;
      for (std::size_t c = 0; c != d; ++c) sum += query[c] * row[c];
      dots[i * n + j] = sum;
    }
  }
}

}  // namespace edgegeo

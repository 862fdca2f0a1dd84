#include <arm_neon.h>

#include "dot.h"

namespace edgegeo {
namespace {

// Q queries against R rows: Q * R running sums stay in registers. One instruction adds four
// products of bytes to each of four sums of 32 bits.
template <int Q, int R>
void dot_tile(const std::int8_t* queries, const std::int8_t* const* rows, std::size_t d,
              std::int32_t* dots, std::size_t stride) noexcept {
  int32x4_t sum[Q][R];
  for (int q = 0; q != Q; ++q) {
    for (int r = 0; r != R; ++r) sum[q][r] = vdupq_n_s32(0);
  }
  std::size_t i = 0;
  for (; i + 16 <= d; i += 16) {
    int8x16_t row[R];
    for (std::size_t r = 0; r != R; ++r) row[r] = vld1q_s8(rows[r] + i);
    for (std::size_t q = 0; q != Q; ++q) {
      const int8x16_t query = vld1q_s8(queries + q * d + i);
      for (std::size_t r = 0; r != R; ++r) {
        sum[q][r] = vdotq_s32(sum[q][r], query, row[r]);
      }
    }
  }
  for (std::size_t q = 0; q != Q; ++q) {
    for (std::size_t r = 0; r != R; ++r) {
      std::int32_t dot = vaddvq_s32(sum[q][r]);
      for (std::size_t j = i; j != d; ++j) dot += queries[q * d + j] * rows[r][j];
      dots[q * stride + r] = dot;
    }
  }
}

template <int Q, int R>
void dot_rows(const std::int8_t* queries, const std::int8_t* const* rows, std::size_t n,
              std::size_t d, std::int32_t* dots) noexcept {
  std::size_t row = 0;
  for (; row + R <= n; row += R) dot_tile<Q, R>(queries, rows + row, d, dots + row, n);
  for (; row != n; ++row) dot_tile<Q, 1>(queries, rows + row, d, dots + row, n);
}

void dot_few(const std::int8_t* queries, std::size_t q, const std::int8_t* const* rows,
             std::size_t n, std::size_t d, std::int32_t* dots) noexcept {
  switch (q) {
    case 1:
      return dot_rows<1, 4>(queries, rows, n, d, dots);
    case 2:
      return dot_rows<2, 3>(queries, rows, n, d, dots);
    default:
      return dot_rows<3, 2>(queries, rows, n, d, dots);
  }
}

}  // namespace

void dot_dotprod(const std::int8_t* queries, std::size_t q, const std::int8_t* const* rows,
                 std::size_t n, std::size_t d, std::int32_t* dots) noexcept {
  for (std::size_t i = 0; i < q; i += 3) {
    dot_few(queries + i * d, q - i < 3 ? q - i : 3, rows, n, d, dots + i * n);
  }
}

}  // namespace edgegeo

#include <immintrin.h>

#include "dot.h"

// Only intrinsics and functions of this file: an inline function of a shared header compiled
// here could be the copy that the linker keeps for CPUs without AVX2.
namespace edgegeo {
namespace {

// Widened to 16 bits: every pair of products is exact in 32. maddubs on the bytes, with the rows'
// signs moved to the query, is wrong for a query of -128 and was only a tenth faster.
__m256i load16(const std::int8_t* x) noexcept {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x)));
}

std::int32_t total(__m256i sum) noexcept {
  const __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
  const __m128i two = _mm_add_epi32(four, _mm_unpackhi_epi64(four, four));
  return _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 1)));
}

// Q queries against R rows: Q * R running sums stay in registers.
template <int Q, int R>
void dot_tile(const std::int8_t* queries, const std::int8_t* rows, std::size_t d,
              std::int32_t* dots, std::size_t stride) noexcept {
  __m256i sum[Q][R];
  for (int q = 0; q != Q; ++q) {
    for (int r = 0; r != R; ++r) sum[q][r] = _mm256_setzero_si256();
  }
  std::size_t i = 0;
  for (; i + 16 <= d; i += 16) {
    __m256i row[R];
    for (std::size_t r = 0; r != R; ++r) row[r] = load16(rows + r * d + i);
    for (std::size_t q = 0; q != Q; ++q) {
      const __m256i query = load16(queries + q * d + i);
      for (std::size_t r = 0; r != R; ++r) {
        sum[q][r] = _mm256_add_epi32(sum[q][r], _mm256_madd_epi16(query, row[r]));
      }
    }
  }
  for (std::size_t q = 0; q != Q; ++q) {
    for (std::size_t r = 0; r != R; ++r) {
      std::int32_t dot = total(sum[q][r]);
      for (std::size_t j = i; j != d; ++j) dot += queries[q * d + j] * rows[r * d + j];
      dots[q * stride + r] = dot;
    }
  }
}

template <int Q, int R>
void dot_rows(const std::int8_t* queries, const std::int8_t* rows, std::size_t n, std::size_t d,
              std::int32_t* dots) noexcept {
  std::size_t row = 0;
  for (; row + R <= n; row += R) dot_tile<Q, R>(queries, rows + row * d, d, dots + row, n);
  for (; row != n; ++row) dot_tile<Q, 1>(queries, rows + row * d, d, dots + row, n);
}

}  // namespace

void dot_avx2(const std::int8_t* queries, std::size_t q, const std::int8_t* rows, std::size_t n,
              std::size_t d, std::int32_t* dots) noexcept {
  switch (q) {
    case 1:
      return dot_rows<1, 4>(queries, rows, n, d, dots);
    case 2:
      return dot_rows<2, 3>(queries, rows, n, d, dots);
    default:
      return dot_rows<3, 2>(queries, rows, n, d, dots);
  }
}

}  // namespace edgegeo

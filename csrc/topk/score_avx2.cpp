#include <immintrin.h>

#include "score.h"

// Only intrinsics and functions of this file: an inline function of a shared header compiled
// here could be the copy that the linker keeps for CPUs without AVX2.
namespace edgegeo {
namespace {

__m256 load8(const float* x) noexcept { return _mm256_loadu_ps(x); }
__m256 load8(const Half* x) noexcept {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x)));
}
__m256 load8(const std::int8_t* x) noexcept {
  const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(x));
  return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
}

float widen(float x) noexcept { return x; }
float widen(Half x) noexcept { return _cvtsh_ss(x.bits); }
float widen(std::int8_t x) noexcept { return static_cast<float>(x); }

float total(__m256 sum) noexcept {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(sum), _mm256_extractf128_ps(sum, 1));
  const __m128 odd = _mm_movehdup_ps(four);
  const __m128 two = _mm_add_ps(four, odd);
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehl_ps(two, two)));
}

// Q queries against R rows: Q * R running sums stay in registers, each in the same order of
// sums whatever Q and R are.
template <int Q, int R, class Row>
void score_tile(const float* queries, const Row* const* rows, std::size_t d, float* scores,
                std::size_t stride) noexcept {
  __m256 sum[Q][R];
  for (int q = 0; q != Q; ++q) {
    for (int r = 0; r != R; ++r) sum[q][r] = _mm256_setzero_ps();
  }
  std::size_t i = 0;
  for (; i + 8 <= d; i += 8) {
    __m256 query[Q];
    for (std::size_t q = 0; q != Q; ++q) query[q] = _mm256_loadu_ps(queries + q * d + i);
    for (std::size_t r = 0; r != R; ++r) {
      const __m256 row = load8(rows[r] + i);
      for (std::size_t q = 0; q != Q; ++q) sum[q][r] = _mm256_fmadd_ps(query[q], row, sum[q][r]);
    }
  }
  for (std::size_t q = 0; q != Q; ++q) {
    for (std::size_t r = 0; r != R; ++r) {
      float score = total(sum[q][r]);
      for (std::size_t j = i; j != d; ++j) score += queries[q * d + j] * widen(rows[r][j]);
      scores[q * stride + r] = score;
    }
  }
}

template <int Q, int R, class Row>
void score_rows(const float* queries, const Row* const* rows, std::size_t n, std::size_t d,
                float* scores) noexcept {
  std::size_t row = 0;
  for (; row + R <= n; row += R) score_tile<Q, R>(queries, rows + row, d, scores + row, n);
  for (; row != n; ++row) score_tile<Q, 1>(queries, rows + row, d, scores + row, n);
}

}  // namespace

template <class Row>
void score_avx2(const float* queries, std::size_t q, const Row* const* rows, std::size_t n,
                std::size_t d, float* scores) noexcept {
  switch (q) {
    case 1:
      return score_rows<1, 8>(queries, rows, n, d, scores);
    case 2:
      return score_rows<2, 4>(queries, rows, n, d, scores);
    case 3:
      return score_rows<3, 4>(queries, rows, n, d, scores);
    case 4:
      return score_rows<4, 2>(queries, rows, n, d, scores);
    default:
      score_avx2(queries, 4, rows, n, d, scores);
      return score_avx2(queries + 4 * d, q - 4, rows, n, d, scores + 4 * n);
  }
}

template void score_avx2(const float*, std::size_t, const float* const*, std::size_t, std::size_t,
                         float*) noexcept;
template void score_avx2(const float*, std::size_t, const Half* const*, std::size_t, std::size_t,
                         float*) noexcept;
template void score_avx2(const float*, std::size_t, const std::int8_t* const*, std::size_t,
                         std::size_t, float*) noexcept;

}  // namespace edgegeo

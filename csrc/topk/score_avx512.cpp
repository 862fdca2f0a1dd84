#include <immintrin.h>

#include "score.h"

// Only intrinsics and functions of this file: an inline function of a shared header compiled
// here could be the copy that the linker keeps for CPUs without AVX-512.
namespace edgegeo {
namespace {

// Sixteen columns, or those of the mask and zeros: a masked load touches no other.
__m512 load16(const float* x) noexcept { return _mm512_loadu_ps(x); }
__m512 load16(const Half* x) noexcept {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x)));
}
__m512 load16(const std::int8_t* x) noexcept {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(x));
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes));
}
__m512 load16(const float* x, __mmask16 mask) noexcept { return _mm512_maskz_loadu_ps(mask, x); }
__m512 load16(const Half* x, __mmask16 mask) noexcept {
  return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(mask, x));
}
__m512 load16(const std::int8_t* x, __mmask16 mask) noexcept {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(mask, x)));
}

__m256 fold(__m512 sum) noexcept {
  return _mm256_add_ps(_mm512_castps512_ps256(sum), _mm512_extractf32x8_ps(sum, 1));
}

// The sum over the lanes of each.
__m128 totals(__m512 a, __m512 b, __m512 c, __m512 d) noexcept {
  const __m256 two = _mm256_hadd_ps(fold(a), fold(b));
  const __m256 four = _mm256_hadd_ps(two, _mm256_hadd_ps(fold(c), fold(d)));
  return _mm_add_ps(_mm256_castps256_ps128(four), _mm256_extractf128_ps(four, 1));
}

// Q queries against R rows: Q * R running sums stay in registers, each in the same order of
// sums whatever Q and R are.
template <std::size_t Q, std::size_t R, class Row>
void score_tile(const float* queries, const Row* const* rows, std::size_t d, float* scores,
                std::size_t stride) noexcept {
  __m512 sum[Q][R];
  for (std::size_t q = 0; q != Q; ++q) {
    for (std::size_t r = 0; r != R; ++r) sum[q][r] = _mm512_setzero_ps();
  }
  std::size_t i = 0;
  for (; i + 16 <= d; i += 16) {
    __m512 query[Q];
    for (std::size_t q = 0; q != Q; ++q) query[q] = load16(queries + q * d + i);
    for (std::size_t r = 0; r != R; ++r) {
      const __m512 row = load16(rows[r] + i);
      for (std::size_t q = 0; q != Q; ++q) sum[q][r] = _mm512_fmadd_ps(query[q], row, sum[q][r]);
    }
  }
  if (i != d) {
    const auto mask = static_cast<__mmask16>((1u << (d - i)) - 1);
    for (std::size_t r = 0; r != R; ++r) {
      const __m512 row = load16(rows[r] + i, mask);
      for (std::size_t q = 0; q != Q; ++q) {
        sum[q][r] = _mm512_fmadd_ps(load16(queries + q * d + i, mask), row, sum[q][r]);
      }
    }
  }
  for (std::size_t q = 0; q != Q; ++q) {
    for (std::size_t r = 0; r < R; r += 4) {  // of fewer than four rows some twice
      const __m512* of = sum[q];
      float score[4];
      _mm_storeu_ps(score, totals(of[r], of[(r + 1) % R], of[(r + 2) % R], of[(r + 3) % R]));
      for (std::size_t j = 0; j != 4 && r + j != R; ++j) scores[q * stride + r + j] = score[j];
    }
  }
}

template <std::size_t Q, std::size_t R, class Row>
void score_rows(const float* queries, const Row* const* rows, std::size_t n, std::size_t d,
                float* scores) noexcept {
  std::size_t row = 0;
  for (; row + R <= n; row += R) score_tile<Q, R>(queries, rows + row, d, scores + row, n);
  for (; row != n; ++row) score_tile<Q, 1>(queries, rows + row, d, scores + row, n);
}

}  // namespace

template <class Row>
void score_avx512(const float* queries, std::size_t q, const Row* const* rows, std::size_t n,
                  std::size_t d, float* scores) noexcept {
  switch (q) {
    case 1:
      return score_rows<1, 8>(queries, rows, n, d, scores);
    case 2:
      return score_rows<2, 8>(queries, rows, n, d, scores);
    case 3:
      return score_rows<3, 4>(queries, rows, n, d, scores);
    case 4:
      return score_rows<4, 4>(queries, rows, n, d, scores);
    case query_block:
      return score_rows<query_block, 2>(queries, rows, n, d, scores);
    default:
      score_avx512(queries, 4, rows, n, d, scores);
      return score_avx512(queries + 4 * d, q - 4, rows, n, d, scores + 4 * n);
  }
}

template void score_avx512(const float*, std::size_t, const float* const*, std::size_t, std::size_t,
                           float*) noexcept;
template void score_avx512(const float*, std::size_t, const Half* const*, std::size_t, std::size_t,
                           float*) noexcept;
template void score_avx512(const float*, std::size_t, const std::int8_t* const*, std::size_t,
                           std::size_t, float*) noexcept;

}  // namespace edgegeo

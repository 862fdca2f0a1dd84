#include <immintrin.h>

#include "dequantise.h"

void edgegeo::dequantise_avx2(const std::int8_t* values, std::size_t n, float scale,
                              float* out) noexcept {
  const __m256 by = _mm256_set1_ps(scale);
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(values + i));
    const __m256 wide = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
    _mm256_storeu_ps(out + i, _mm256_mul_ps(by, wide));
  }
  for (; i != n; ++i) out[i] = scale * static_cast<float>(values[i]);
}

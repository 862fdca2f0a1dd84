#include <immintrin.h>

#include <cstring>

#include "dequantise.h"

namespace edgegeo {
namespace {

__m256 eight(const std::int8_t* values, __m256 by) noexcept {
  const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(values));
  return _mm256_mul_ps(by, _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes)));
}

__m128i halves(__m256 x) noexcept {
  return _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

}  // namespace

void dequantise_avx2(const std::int8_t* values, std::size_t n, float scale, float* out,
                     const std::int8_t* next) noexcept {
  const __m256 by = _mm256_set1_ps(scale);
  std::size_t i = 0;
  for (; i + 64 <= n; i += 64) {
    _mm_prefetch(reinterpret_cast<const char*>(next + i), _MM_HINT_T0);
    for (std::size_t j = i; j != i + 64; j += 8) _mm256_storeu_ps(out + j, eight(values + j, by));
  }
  for (; i + 8 <= n; i += 8) _mm256_storeu_ps(out + i, eight(values + i, by));
  for (; i != n; ++i) out[i] = scale * static_cast<float>(values[i]);
}

void dequantise_avx2(const std::int8_t* values, std::size_t n, float scale, Half* out,
                     const std::int8_t* next) noexcept {
  const __m256 by = _mm256_set1_ps(scale);
  const auto store = [&](std::size_t i) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), halves(eight(values + i, by)));
  };
  std::size_t i = 0;
  for (; i + 64 <= n; i += 64) {
    _mm_prefetch(reinterpret_cast<const char*>(next + i), _MM_HINT_T0);
    for (std::size_t j = i; j != i + 64; j += 8) store(j);
  }
  for (; i + 8 <= n; i += 8) store(i);
  if (i == n) return;
  std::int8_t last[8] = {};
  alignas(16) Half rest[8];
  std::memcpy(last, values + i, n - i);
  _mm_store_si128(reinterpret_cast<__m128i*>(rest), halves(eight(last, by)));
  std::memcpy(out + i, rest, (n - i) * sizeof(Half));
}

}  // namespace edgegeo

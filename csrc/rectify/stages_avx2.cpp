#include <immintrin.h>

#include "stages.h"

namespace edgegeo {
namespace {

const __m128i* bits(const void* at) noexcept { return static_cast<const __m128i*>(at); }

void widen_row(const std::uint8_t* values, std::size_t pixels, std::uint16_t* plane) noexcept {
  // four pixels: each byte becomes the high half of a word, the fourth word of a pixel is 0
  const __m256i spread = _mm256_setr_epi8(                       //
      -1, 0, -1, 1, -1, 2, -1, -1, -1, 3, -1, 4, -1, 5, -1, -1,  //
      -1, 6, -1, 7, -1, 8, -1, -1, -1, 9, -1, 10, -1, 11, -1, -1);
  std::size_t i = 0;
  for (; i + 6 <= pixels; i += 4) {  // a load takes 16 bytes for the 12 it needs
    const __m256i twice = _mm256_broadcastsi128_si256(_mm_loadu_si128(bits(values + 3 * i)));
    const __m256i words = _mm256_srli_epi16(_mm256_shuffle_epi8(twice, spread), 1);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(plane + 4 * i), words);
  }
  for (; i != pixels; ++i) {
    for (std::size_t c = 0; c != 3; ++c) {
      plane[4 * i + c] = static_cast<std::uint16_t>(values[3 * i + c] << 7);
    }
    plane[4 * i + 3] = 0;
  }
}

void add_row(const std::uint8_t* values, std::size_t n, std::uint16_t* sums) noexcept {
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    auto* at = reinterpret_cast<__m256i*>(sums + i);
    const __m256i wide = _mm256_cvtepu8_epi16(_mm_loadu_si128(bits(values + i)));
    _mm256_storeu_si256(at, _mm256_add_epi16(_mm256_loadu_si256(at), wide));
  }
  for (; i != n; ++i) sums[i] = static_cast<std::uint16_t>(sums[i] + values[i]);
}

void average_row(const std::uint16_t* sums, std::size_t cells, std::size_t factor, float weight,
                 std::uint16_t* plane) noexcept {
  const __m128 by = _mm_set1_ps(weight);
  const __m128i colours = _mm_setr_epi32(-1, -1, -1, 0);
  for (std::size_t i = 0; i != cells; ++i) {
    __m128i total = _mm_setzero_si128();
    for (std::size_t j = 0; j != factor; ++j, sums += 3) {
      total = _mm_add_epi32(total, _mm_cvtepu16_epi32(_mm_loadl_epi64(bits(sums))));
    }
    total = _mm_and_si128(total, colours);
    const __m128i mean = _mm_cvtps_epi32(_mm_mul_ps(_mm_cvtepi32_ps(total), by));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(plane + 4 * i), _mm_packus_epi32(mean, mean));
  }
}

// Two pixels with their right neighbours: 16 words.
__m256i two_pairs(const std::uint16_t* first, const std::uint16_t* second) noexcept {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(bits(first))),
                                 _mm_loadu_si128(bits(second)), 1);
}

// a + fraction * (b - a), the fraction in units of 2^-15.
__m256i blend(__m256i a, __m256i b, __m256i fraction) noexcept {
  return _mm256_add_epi16(a, _mm256_mulhrs_epi16(_mm256_sub_epi16(b, a), fraction));
}

// The fraction of a coordinate in units of 2^-15, in both halves of each 32 bits.
__m256i fraction_of(__m256 x, __m256i whole) noexcept {
  const __m256 rest = _mm256_sub_ps(x, _mm256_cvtepi32_ps(whole));
  const __m256i low = _mm256_cvttps_epi32(_mm256_mul_ps(rest, _mm256_set1_ps(32768.0f)));
  return _mm256_or_si256(low, _mm256_slli_epi32(low, 16));
}

void add_taps(Plane plane, Line line, std::int32_t* total) noexcept {
  alignas(32) std::int32_t at[8];
  const __m256i cols = _mm256_set1_epi32(static_cast<int>(plane.cols));
  const __m256i zero = _mm256_setzero_si256(), two = _mm256_set1_epi32(2);
  __m256 i = _mm256_setr_ps(0, 1, 2, 3, 4, 5, 6, 7);
  for (std::size_t half = 0; half != lanes / 8; ++half) {
    const __m256 w = _mm256_fmadd_ps(i, _mm256_set1_ps(line.dw), _mm256_set1_ps(line.w));
    const __m256 scale = _mm256_div_ps(_mm256_set1_ps(1.0f), w);
    const __m256 x =
        _mm256_mul_ps(scale, _mm256_fmadd_ps(i, _mm256_set1_ps(line.dx), _mm256_set1_ps(line.x)));
    const __m256 y =
        _mm256_mul_ps(scale, _mm256_fmadd_ps(i, _mm256_set1_ps(line.dy), _mm256_set1_ps(line.y)));
    const __m256i col = _mm256_cvttps_epi32(x), row = _mm256_cvttps_epi32(y);
    const __m256i fx = fraction_of(x, col), fy = fraction_of(y, row);
    _mm256_store_si256(reinterpret_cast<__m256i*>(at),
                       _mm256_add_epi32(_mm256_mullo_epi32(row, cols), col));
    i = _mm256_add_ps(i, _mm256_set1_ps(8.0f));

    __m256i pick = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);
    for (std::size_t lane = 0; lane != 8; lane += 2, total += 8) {
      const std::uint16_t* first = plane.data + 4 * static_cast<std::size_t>(at[lane]);
      const std::uint16_t* second = plane.data + 4 * static_cast<std::size_t>(at[lane + 1]);
      const __m256i upper = two_pairs(first, second);
      const __m256i lower = two_pairs(first + 4 * plane.cols, second + 4 * plane.cols);
      const __m256i left = blend(upper, lower, _mm256_permutevar8x32_epi32(fy, pick));
      const __m256i right = _mm256_unpackhi_epi64(left, left);
      const __m256i taps = blend(left, right, _mm256_permutevar8x32_epi32(fx, pick));
      auto* sum = reinterpret_cast<__m256i*>(total);
      _mm256_storeu_si256(
          sum, _mm256_add_epi32(_mm256_loadu_si256(sum), _mm256_unpacklo_epi16(taps, zero)));
      pick = _mm256_add_epi32(pick, two);
    }
  }
}

}  // namespace

const Stages stages_avx2{widen_row, add_row, average_row, add_taps};

}  // namespace edgegeo

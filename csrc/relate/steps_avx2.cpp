#include <immintrin.h>

#include "dots_x86.h"

namespace edgegeo {
namespace {

// Widened to 16 bits: every pair of products is exact in 32, and as many multiplications as bytes
// would take, whose pairs have to be widened before they can be added.
void pack(const std::int8_t* values, std::size_t n, void* packed) noexcept {
  auto* wide = static_cast<std::int16_t*>(packed);
  for (std::size_t i = 0; i != n; ++i) wide[i] = values[i];
}

struct Avx2 {
  using Lanes = __m256i;
  using Under = std::int16_t;
  static constexpr std::size_t columns = 16;
  static constexpr bool biased = false;

  static Lanes zero() noexcept { return _mm256_setzero_si256(); }
  static Lanes grid(const std::int8_t* x) noexcept {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x)));
  }
  static Lanes grid(const std::int8_t* x, std::size_t count) noexcept {
    std::int8_t values[columns] = {};
    std::memcpy(values, x, count);
    return grid(values);
  }
  static Lanes under(const std::int16_t* x) noexcept {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x));
  }
  static Lanes under(const std::int16_t* x, std::size_t count) noexcept {
    std::int16_t values[columns] = {};
    std::memcpy(values, x, count * sizeof *x);
    return under(values);
  }
  static Lanes add(Lanes sum, Lanes under, Lanes grid) noexcept {
    return _mm256_add_epi32(sum, _mm256_madd_epi16(under, grid));
  }
  static std::int32_t total(Lanes sum) noexcept {
    const __m128i four =
        _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    const __m128i two = _mm_add_epi32(four, _mm_unpackhi_epi64(four, four));
    return _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 1)));
  }
};

// A lane a shift. Four sums in turn hide how long one addition takes.
void weights(const float* grid, const float* under, const Sliding& shape, float* out) noexcept {
  for (std::size_t s = 0; s < shape.shifts; s += weight_block) {
    __m256 sum[4];
    for (auto& each : sum) each = _mm256_setzero_ps();
    for (std::size_t y = 0; y != shape.rows; ++y) {
      const float *a = grid + y * shape.grid_stride, *b = under + y * shape.under_stride + s;
      std::size_t x = 0;
      for (; x + 4 <= shape.columns; x += 4) {
        for (std::size_t i = 0; i != 4; ++i) {
          sum[i] =
              _mm256_fmadd_ps(_mm256_broadcast_ss(a + x + i), _mm256_loadu_ps(b + x + i), sum[i]);
        }
      }
      for (; x != shape.columns; ++x) {
        sum[0] = _mm256_fmadd_ps(_mm256_broadcast_ss(a + x), _mm256_loadu_ps(b + x), sum[0]);
      }
    }
    _mm256_storeu_ps(out + s,
                     _mm256_add_ps(_mm256_add_ps(sum[0], sum[1]), _mm256_add_ps(sum[2], sum[3])));
  }
}

void blend(const std::int16_t* const* taps, const std::int16_t* weight, std::size_t n,
           std::int8_t* out) noexcept {
  const __m256i half = _mm256_set1_epi32(1 << 21);
  const __m256i north = _mm256_set1_epi32(weight[0] | weight[1] << 16);
  const __m256i south = _mm256_set1_epi32(weight[2] | weight[3] << 16);
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    __m256i tap[4];
    for (std::size_t t = 0; t != 4; ++t) {
      tap[t] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(taps[t] + i));
    }
    const auto sum = [&](__m256i upper, __m256i lower) {
      const __m256i both =
          _mm256_add_epi32(_mm256_madd_epi16(upper, north), _mm256_madd_epi16(lower, south));
      return _mm256_srai_epi32(_mm256_add_epi32(both, half), 22);
    };
    const __m256i low =
        sum(_mm256_unpacklo_epi16(tap[0], tap[1]), _mm256_unpacklo_epi16(tap[2], tap[3]));
    const __m256i high =
        sum(_mm256_unpackhi_epi16(tap[0], tap[1]), _mm256_unpackhi_epi16(tap[2], tap[3]));
    const __m256i words = _mm256_packs_epi32(low, high);  // unpacking and packing undo each other
    const __m128i bytes =
        _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), bytes);
  }
  for (; i != n; ++i) {
    std::int32_t sum = 1 << 21;
    for (std::size_t t = 0; t != 4; ++t) sum += weight[t] * taps[t][i];
    out[i] = static_cast<std::int8_t>(sum >> 22);
  }
}

}  // namespace

const Steps steps_avx2{2, pack, Dots<Avx2>::all, weights, blend};

}  // namespace edgegeo

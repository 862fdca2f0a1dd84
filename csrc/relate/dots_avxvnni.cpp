#include <immintrin.h>

#include "dots_x86.h"

namespace edgegeo {
namespace {

// vpdpbusd multiplies unsigned bytes with signed ones: what lies under is packed moved by 128.
struct AvxVnni {
  using Lanes = __m256i;
  using Under = std::uint8_t;
  static constexpr std::size_t columns = 32;
  static constexpr bool biased = true;

  static Lanes zero() noexcept { return _mm256_setzero_si256(); }
  static Lanes load(const void* x) noexcept {
    return _mm256_loadu_si256(static_cast<const __m256i*>(x));
  }
  static Lanes load(const void* x, std::size_t count) noexcept {
    std::uint8_t values[columns] = {};
    std::memcpy(values, x, count);
    return load(values);
  }
  static Lanes grid(const std::int8_t* x) noexcept { return load(x); }
  static Lanes grid(const std::int8_t* x, std::size_t count) noexcept { return load(x, count); }
  static Lanes under(const std::uint8_t* x) noexcept { return load(x); }
  static Lanes under(const std::uint8_t* x, std::size_t count) noexcept { return load(x, count); }
  static Lanes add(Lanes sum, Lanes under, Lanes grid) noexcept {
    return _mm256_dpbusd_avx_epi32(sum, under, grid);
  }
  static Lanes biases(Lanes sum, Lanes grid) noexcept {
    return add(sum, _mm256_set1_epi8(-128), grid);
  }
  static std::int32_t total(Lanes sum) noexcept {
    const __m128i four =
        _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    const __m128i two = _mm_add_epi32(four, _mm_unpackhi_epi64(four, four));
    return _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 1)));
  }
};

}  // namespace

void dots_avxvnni(const std::int8_t* grid, const void* under, const Sliding& shape,
                  std::int32_t* sums) noexcept {
  Dots<AvxVnni>::all(grid, under, shape, sums);
}

}  // namespace edgegeo

#include <immintrin.h>

#include "dots_x86.h"

namespace edgegeo {
namespace {

// As avx2, twice as wide.
struct Avx512 {
  using Lanes = __m512i;
  using Under = std::int16_t;
  static constexpr std::size_t columns = 32;
  static constexpr bool biased = false;

  static __mmask32 first(std::size_t count) noexcept {
    return static_cast<__mmask32>((std::uint64_t{1} << count) - 1);
  }
  static Lanes zero() noexcept { return _mm512_setzero_si512(); }
  static Lanes grid(const std::int8_t* x) noexcept {
    return _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x)));
  }
  static Lanes grid(const std::int8_t* x, std::size_t count) noexcept {
    return _mm512_cvtepi8_epi16(_mm256_maskz_loadu_epi8(first(count), x));
  }
  static Lanes under(const std::int16_t* x) noexcept { return _mm512_loadu_si512(x); }
  static Lanes under(const std::int16_t* x, std::size_t count) noexcept {
    return _mm512_maskz_loadu_epi16(first(count), x);
  }
  static Lanes add(Lanes sum, Lanes under, Lanes grid) noexcept {
    return _mm512_add_epi32(sum, _mm512_madd_epi16(under, grid));
  }
  static std::int32_t total(Lanes sum) noexcept { return _mm512_reduce_add_epi32(sum); }
};

}  // namespace

void dots_avx512(const std::int8_t* grid, const void* under, const Sliding& shape,
                 std::int32_t* sums) noexcept {
  Dots<Avx512>::all(grid, under, shape, sums);
}

}  // namespace edgegeo

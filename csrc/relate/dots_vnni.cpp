#include <immintrin.h>

#include "dots_x86.h"

namespace edgegeo {
namespace {

// vpdpbusd multiplies unsigned bytes with signed ones: what lies under is packed moved by 128.
struct Vnni {
  using Lanes = __m512i;
  using Under = std::uint8_t;
  static constexpr std::size_t columns = 64;
  static constexpr bool biased = true;

  static __mmask64 first(std::size_t count) noexcept { return (std::uint64_t{1} << count) - 1; }
  static Lanes zero() noexcept { return _mm512_setzero_si512(); }
  static Lanes grid(const std::int8_t* x) noexcept { return _mm512_loadu_si512(x); }
  static Lanes grid(const std::int8_t* x, std::size_t count) noexcept {
    return _mm512_maskz_loadu_epi8(first(count), x);
  }
  static Lanes under(const std::uint8_t* x) noexcept { return _mm512_loadu_si512(x); }
  static Lanes under(const std::uint8_t* x, std::size_t count) noexcept {
    return _mm512_maskz_loadu_epi8(first(count), x);
  }
  static Lanes add(Lanes sum, Lanes under, Lanes grid) noexcept {
    return _mm512_dpbusd_epi32(sum, under, grid);
  }
  static Lanes biases(Lanes sum, Lanes grid) noexcept {
    return add(sum, _mm512_set1_epi8(-128), grid);
  }
  static std::int32_t total(Lanes sum) noexcept { return _mm512_reduce_add_epi32(sum); }
};

}  // namespace

void dots_vnni(const std::int8_t* grid, const void* under, const Sliding& shape,
               std::int32_t* sums) noexcept {
  Dots<Vnni>::all(grid, under, shape, sums);
}

}  // namespace edgegeo

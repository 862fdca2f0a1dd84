#include <cmath>
#include <cstring>

#include "dequantise.h"

namespace edgegeo {
namespace {

std::uint32_t bits_of(float x) noexcept {
  std::uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}

// To the nearest half, even on a tie.
Half narrow(float x) noexcept {
  constexpr std::uint32_t infinity = 0x7c00, nan = 0x7e00;
  const std::uint32_t bits = bits_of(x), sign = bits >> 16 & 0x8000u;
  std::uint32_t size = bits & 0x7fffffffu;
  if (size > 0x7f800000u) {
    size = nan;
  } else if (size >= 0x477ff000u) {  // 65520: half way to what comes after the largest
    size = infinity;
  } else if (size < 0x38800000u) {  // below 2^-14 halves lie 2^-24 apart, as floats above 0.5 do
    size = bits_of(std::abs(x) + 0.5f) - bits_of(0.5f);
  } else {
    size = (size + 0xfffu + (size >> 13 & 1u) - 0x38000000u) >> 13;
  }
  return {static_cast<std::uint16_t>(sign | size)};
}

}  // namespace

void dequantise_scalar(const std::int8_t* values, std::size_t n, float scale, float* out,
                       const std::int8_t*) noexcept {
  for (std::size_t i = 0; i != n; ++i) out[i] = scale * static_cast<float>(values[i]);
}

void dequantise_scalar(const std::int8_t* values, std::size_t n, float scale, Half* out,
                       const std::int8_t*) noexcept {
  for (std::size_t i = 0; i != n; ++i) out[i] = narrow(scale * static_cast<float>(values[i]));
}

}  // namespace edgegeo

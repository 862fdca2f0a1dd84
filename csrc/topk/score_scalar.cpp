#include <cstring>

#include "score.h"

namespace edgegeo {
namespace {

float widen(float x) noexcept { return x; }
float widen(std::int8_t x) noexcept { return static_cast<float>(x); }

// Shift the half's exponent and mantissa into place, then fix the exponent by a product that
// is exact and makes subnormals right as well.
float widen(Half x) noexcept {
  const std::uint32_t sign = (x.bits & 0x8000u) << 16, magnitude = x.bits & 0x7fffu;
  std::uint32_t bits = magnitude << 13;
  float value;
  if (magnitude >= 0x7c00u) {
    bits |= 0x7f800000u;  // infinity or NaN
    std::memcpy(&value, &bits, sizeof value);
  } else {
    std::memcpy(&value, &bits, sizeof value);
    value *= 0x1p112f;
  }
  return sign != 0 ? -value : value;
}

template <class Row>
float dot(const float* query, const Row* row, std::size_t d) noexcept {
  float lane[8] = {};  // the order of sums that the vector targets have
  std::size_t i = 0;
  for (; i + 8 <= d; i += 8) {
    for (std::size_t j = 0; j != 8; ++j) lane[j] += query[i + j] * widen(row[i + j]);
  }
  float total =
      ((lane[0] + lane[4]) + (lane[1] + lane[5])) + ((lane[2] + lane[6]) + (lane[3] + lane[7]));
  for (; i != d; ++i) total += query[i] * widen(row[i]);
  return total;
}

}  // namespace

template <class Row>
void score_scalar(const float* queries, std::size_t q, const Row* const* rows, std::size_t n,
                  std::size_t d, float* scores) noexcept {
  for (std::size_t i = 0; i != q; ++i) {
    for (std::size_t j = 0; j != n; ++j) scores[i * n + j] = dot(queries + i * d, rows[j], d);
  }
}

template void score_scalar(const float*, std::size_t, const float* const*, std::size_t, std::size_t,
                           float*) noexcept;
template void score_scalar(const float*, std::size_t, const Half* const*, std::size_t, std::size_t,
                           float*) noexcept;
template void score_scalar(const float*, std::size_t, const std::int8_t* const*, std::size_t,
                           std::size_t, float*) noexcept;

}  // namespace edgegeo

#include "quantise.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

namespace edgegeo {

float quantise(const float* row, std::size_t d, std::int8_t* values) noexcept {
  float largest = 0;
  int finite = 1;
  for (std::size_t i = 0; i != d; ++i) {
    finite &= std::abs(row[i]) <= FLT_MAX;
    largest = std::max(largest, std::abs(row[i]));
  }
  if (finite == 0) {
    std::fill_n(values, d, std::int8_t{0});
    return NAN;
  }
  const float step = largest / 127, scale = step < FLT_MIN ? 1.0f : step;
  // Added to a float below 2^22 this leaves no fraction: the sum is rounded as is wanted.
  constexpr float whole = 0x1.8p23f;
  for (std::size_t i = 0; i != d; ++i) {
    const float rounded = row[i] / scale + whole;
    values[i] = static_cast<std::int8_t>(static_cast<std::int32_t>(rounded - whole));
  }
  return scale;
}

}  // namespace edgegeo

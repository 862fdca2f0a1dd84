#include "stages.h"

namespace edgegeo {
namespace {

void widen_row(const std::uint8_t* values, std::size_t pixels, std::uint16_t* plane) noexcept {
  for (std::size_t i = 0; i != pixels; ++i) {
    for (std::size_t c = 0; c != 3; ++c) {
      plane[4 * i + c] = static_cast<std::uint16_t>(values[3 * i + c] << 7);
    }
    plane[4 * i + 3] = 0;
  }
}

void add_row(const std::uint8_t* values, std::size_t n, std::uint16_t* sums) noexcept {
  for (std::size_t i = 0; i != n; ++i) sums[i] = static_cast<std::uint16_t>(sums[i] + values[i]);
}

void average_row(const std::uint16_t* sums, std::size_t cells, std::size_t factor, float weight,
                 std::uint16_t* plane) noexcept {
  for (std::size_t i = 0; i != cells; ++i, sums += 3 * factor) {
    std::uint32_t total[3] = {};
    for (std::size_t j = 0; j != factor; ++j) {
      for (std::size_t c = 0; c != 3; ++c) total[c] += sums[3 * j + c];
    }
    for (std::size_t c = 0; c != 3; ++c) {
      plane[4 * i + c] = static_cast<std::uint16_t>(static_cast<float>(total[c]) * weight + 0.5f);
    }
    plane[4 * i + 3] = 0;
  }
}

// a + fraction * (b - a), the fraction in units of 2^-15, rounded as the vector targets do.
std::int32_t blend(std::int32_t a, std::int32_t b, std::int32_t fraction) noexcept {
  return a + (((b - a) * fraction + 0x4000) >> 15);
}

void add_taps(Plane plane, Line line, std::int32_t* total) noexcept {
  for (std::size_t i = 0; i != lanes; ++i, total += 4) {
    const auto at = static_cast<float>(i);
    const float scale = 1.0f / (line.w + at * line.dw);
    const float x = (line.x + at * line.dx) * scale, y = (line.y + at * line.dy) * scale;
    const auto col = static_cast<std::size_t>(x), row = static_cast<std::size_t>(y);
    const auto fx = static_cast<std::int32_t>((x - static_cast<float>(col)) * 32768.0f);
    const auto fy = static_cast<std::int32_t>((y - static_cast<float>(row)) * 32768.0f);
    const std::uint16_t* upper = plane.data + 4 * (row * plane.cols + col);
    const std::uint16_t* lower = upper + 4 * plane.cols;
    for (std::size_t c = 0; c != 3; ++c) {
      const std::int32_t left = blend(upper[c], lower[c], fy);
      const std::int32_t right = blend(upper[c + 4], lower[c + 4], fy);
      total[c] += blend(left, right, fx);
    }
  }
}

}  // namespace

const Stages stages_scalar{widen_row, add_row, average_row, add_taps};

}  // namespace edgegeo

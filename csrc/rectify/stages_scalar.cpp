#include <cstring>

#include "stages.h"

namespace edgegeo {
namespace {

void widen(const std::uint8_t* values, std::size_t n, std::uint16_t* plane) noexcept {
  for (std::size_t i = 0; i != n; ++i) {
    plane[i] = static_cast<std::uint16_t>(values[i] * plane_one);
  }
}

void sum_rows(const std::uint8_t* values, std::size_t stride, std::size_t rows, std::size_t n,
              std::uint16_t* sums) noexcept {
  for (std::size_t i = 0; i != n; ++i) {
    unsigned sum = 0;
    for (std::size_t row = 0; row != rows; ++row) sum += values[row * stride + i];
    sums[i] = static_cast<std::uint16_t>(sum);
  }
}

void average_row(const std::uint16_t* sums, std::size_t cells, std::size_t factor, Mean mean,
                 std::uint16_t* plane) noexcept {
  for (std::size_t i = 0; i != cells; ++i, sums += 3 * factor) {
    for (std::size_t c = 0; c != 3; ++c) {
      std::uint32_t total = 0;
      for (std::size_t j = 0; j != factor; ++j) total += sums[3 * j + c];
      total = mean.shift < 0 ? total >> -mean.shift : total << mean.shift;
      plane[3 * i + c] = static_cast<std::uint16_t>(total * mean.by >> 16);
    }
  }
}

void average_pairs(const std::uint8_t* upper, const std::uint8_t* lower, std::size_t cells,
                   std::uint16_t* plane) noexcept {
  for (std::size_t i = 0; i != cells; ++i, upper += 6, lower += 6) {
    for (std::size_t c = 0; c != 3; ++c) {
      plane[3 * i + c] =
          static_cast<std::uint16_t>((upper[c] + upper[c + 3] + lower[c] + lower[c + 3]) << 5);
    }
  }
}

void smooth(const std::uint16_t* a, const std::uint16_t* b, const std::uint16_t* c, std::size_t n,
            std::int16_t share, std::uint16_t* out) noexcept {
  for (std::size_t i = 0; i != n; ++i) {
    const std::int32_t beside = (a[i] + c[i] + 1) >> 1;
    out[i] = static_cast<std::uint16_t>(b[i] + (((beside - b[i]) * share + 0x4000) >> 15));
  }
}

float into(float x, float last) noexcept {
  if (!(x > 0)) return 0;  // NaN as well
  return x < last ? x : last;
}

void add_tap(const Line& line, std::size_t stride, std::size_t i, float* total) noexcept {
  const auto at = static_cast<float>(i);
  const float scale = 1.0f / (line.w + at * line.dw);
  const float x = into((line.x + at * line.dx) * scale, line.last_col);
  const float y = into((line.y + at * line.dy) * scale, line.last_row);
  const auto col = static_cast<std::size_t>(x), row = static_cast<std::size_t>(y);
  const auto fx = static_cast<std::int32_t>((x - static_cast<float>(col)) * 16384.0f);
  const auto fy = static_cast<std::int32_t>((y - static_cast<float>(row)) * 32768.0f);
  // the lower row's share of both columns, in units of 2^-14
  const std::int32_t lower_left = ((16384 - fx) * fy + 0x4000) >> 15;
  const std::int32_t lower_right = (fx * fy + 0x4000) >> 15;
  const std::uint16_t* upper = line.cells + row * stride + 3 * col;
  const std::uint16_t* lower = upper + stride;
  for (std::size_t c = 0; c != 3; ++c) {
    total[c] += static_cast<float>(upper[c] * (16384 - fx - lower_left) +
                                   upper[c + 3] * (fx - lower_right) + lower[c] * lower_left +
                                   lower[c + 3] * lower_right);
  }
}

void sample(const Line* lines, std::size_t taps, std::size_t stride, std::size_t count, float scale,
            float* first, float* second, float* third) noexcept {
  for (std::size_t i = 0; i != count; ++i) {
    float total[3] = {};
    for (std::size_t tap = 0; tap != taps; ++tap) add_tap(lines[tap], stride, i, total);
    first[i] = total[0] * scale - 2.0f;
    second[i] = total[1] * scale - 2.0f;
    third[i] = total[2] * scale - 2.0f;
  }
}

Half half_of(float value) noexcept {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000u);
  bits &= 0x7fffffffu;
  if (bits < 0x38800000u) {  // below 2^-14: half has fixed steps of 2^-24 there, added to 0.5
    float magnitude = 0;     // a float has the same steps, so the processor rounds
    std::memcpy(&magnitude, &bits, sizeof bits);
    magnitude += 0.5f;
    std::memcpy(&bits, &magnitude, sizeof bits);
    return {static_cast<std::uint16_t>(sign | (bits - 0x3f000000u))};
  }
  const std::uint32_t odd = bits >> 13 & 1u;
  return {static_cast<std::uint16_t>(sign | ((bits - 0x38000000u + 0xfffu + odd) >> 13))};
}

void narrow(const float* values, std::size_t n, Half* out) noexcept {
  for (std::size_t i = 0; i != n; ++i) out[i] = half_of(values[i]);
}

}  // namespace

const Stages stages_scalar{widen, sum_rows, average_row, average_pairs, smooth, sample, narrow};

}  // namespace edgegeo

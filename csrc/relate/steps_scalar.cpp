#include <cstring>

#include "steps.h"

namespace edgegeo {
namespace {

void pack(const std::int8_t* values, std::size_t n, void* packed) noexcept {
  std::memcpy(packed, values, n);
}

void dots(const std::int8_t* grid, const void* packed, const Sliding& shape,
          std::int32_t* out) noexcept {
  const auto* under = static_cast<const std::int8_t*>(packed);
  for (std::size_t s = 0; s != shape.shifts; ++s) {
    std::int32_t sum = 0;
    for (std::size_t y = 0; y != shape.rows; ++y) {
      const std::int8_t *a = grid + y * shape.grid_stride,
                        *b = under + y * shape.under_stride + s * shape.step;
      for (std::size_t i = 0; i != shape.columns; ++i) sum += a[i] * b[i];
    }
    out[s] = sum;
  }
}

void weights(const float* grid, const float* under, const Sliding& shape, float* out) noexcept {
  for (std::size_t s = 0; s != shape.shifts; ++s) {
    float sum = 0;
    for (std::size_t y = 0; y != shape.rows; ++y) {
      for (std::size_t x = 0; x != shape.columns; ++x) {
        sum += grid[y * shape.grid_stride + x] * under[y * shape.under_stride + x + s];
      }
    }
    out[s] = sum;
  }
}

void blend(const std::int16_t* const* taps, const std::int16_t* weight, std::size_t n,
           std::int8_t* out) noexcept {
  for (std::size_t i = 0; i != n; ++i) {
    std::int32_t sum = 1 << 21;
    for (std::size_t t = 0; t != 4; ++t) sum += weight[t] * taps[t][i];
    out[i] = static_cast<std::int8_t>(sum >> 22);
  }
}

}  // namespace

const Steps steps_scalar{1, pack, dots, weights, blend};

}  // namespace edgegeo

#include <arm_neon.h>

#include <cstring>

#include "steps.h"

namespace edgegeo {
namespace {

void pack(const std::int8_t* values, std::size_t n, void* packed) noexcept {
  std::memcpy(packed, values, n);
}

// S shifts at once: one load of the grid for S of what lies under it. The product of two bytes
// fits 16 bits, -128 * -128 too, and pairs of them are added in 32.
template <int S>
void dots_of(const std::int8_t* grid, const std::int8_t* under, const Sliding& shape,
             std::int32_t* out) noexcept {
  int32x4_t sum[S];
  std::int32_t rest[S] = {};
  for (int s = 0; s != S; ++s) sum[s] = vdupq_n_s32(0);
  for (std::size_t y = 0; y != shape.rows; ++y) {
    const std::int8_t *a = grid + y * shape.grid_stride, *b = under + y * shape.under_stride;
    std::size_t i = 0;
    for (; i + 16 <= shape.columns; i += 16) {
      const int8x16_t value = vld1q_s8(a + i);
      for (std::size_t s = 0; s != S; ++s) {
        const int8x16_t at = vld1q_s8(b + i + s * shape.step);
        const int16x8_t low = vmull_s8(vget_low_s8(value), vget_low_s8(at));
        const int16x8_t high = vmull_s8(vget_high_s8(value), vget_high_s8(at));
        sum[s] = vpadalq_s16(vpadalq_s16(sum[s], low), high);
      }
    }
    for (; i != shape.columns; ++i) {
      for (std::size_t s = 0; s != S; ++s) rest[s] += a[i] * b[i + s * shape.step];
    }
  }
  for (int s = 0; s != S; ++s) out[s] = vaddvq_s32(sum[s]) + rest[s];
}

void dots(const std::int8_t* grid, const void* packed, const Sliding& shape,
          std::int32_t* out) noexcept {
  const auto* under = static_cast<const std::int8_t*>(packed);
  std::size_t s = 0;
  for (; s + 7 <= shape.shifts; s += 7) dots_of<7>(grid, under + s * shape.step, shape, out + s);
  for (; s + 3 <= shape.shifts; s += 3) dots_of<3>(grid, under + s * shape.step, shape, out + s);
  for (; s != shape.shifts; ++s) dots_of<1>(grid, under + s * shape.step, shape, out + s);
}

// A lane a shift.
void weights(const float* grid, const float* under, const Sliding& shape, float* out) noexcept {
  for (std::size_t s = 0; s < shape.shifts; s += weight_block) {
    float32x4_t low[2] = {vdupq_n_f32(0), vdupq_n_f32(0)}, high[2] = {low[0], low[0]};
    for (std::size_t y = 0; y != shape.rows; ++y) {
      const float *a = grid + y * shape.grid_stride, *b = under + y * shape.under_stride + s;
      for (std::size_t x = 0; x != shape.columns; ++x) {
        low[x % 2] = vfmaq_n_f32(low[x % 2], vld1q_f32(b + x), a[x]);
        high[x % 2] = vfmaq_n_f32(high[x % 2], vld1q_f32(b + x + 4), a[x]);
      }
    }
    vst1q_f32(out + s, vaddq_f32(low[0], low[1]));
    vst1q_f32(out + s + 4, vaddq_f32(high[0], high[1]));
  }
}

void blend(const std::int16_t* const* taps, const std::int16_t* weight, std::size_t n,
           std::int8_t* out) noexcept {
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    int32x4_t low = vdupq_n_s32(0), high = low;
    for (std::size_t t = 0; t != 4; ++t) {
      const int16x8_t tap = vld1q_s16(taps[t] + i);
      low = vmlal_n_s16(low, vget_low_s16(tap), weight[t]);
      high = vmlal_n_s16(high, vget_high_s16(tap), weight[t]);
    }
    const int16x8_t words =
        vcombine_s16(vmovn_s32(vrshrq_n_s32(low, 22)), vmovn_s32(vrshrq_n_s32(high, 22)));
    vst1_s8(out + i, vmovn_s16(words));
  }
  for (; i != n; ++i) {
    std::int32_t sum = 1 << 21;
    for (std::size_t t = 0; t != 4; ++t) sum += weight[t] * taps[t][i];
    out[i] = static_cast<std::int8_t>(sum >> 22);
  }
}

}  // namespace

const Steps steps_neon{1, pack, dots, weights, blend};

}  // namespace edgegeo

#include <arm_neon.h>

#include "stages.h"

namespace edgegeo {
namespace {

void widen_row(const std::uint8_t* values, std::size_t pixels, std::uint16_t* plane) noexcept {
  std::size_t i = 0;
  for (; i + 8 <= pixels; i += 8) {
    const uint8x8x3_t channels = vld3_u8(values + 3 * i);
    const uint16x8x4_t words = {{vshll_n_u8(channels.val[0], 7), vshll_n_u8(channels.val[1], 7),
                                 vshll_n_u8(channels.val[2], 7), vdupq_n_u16(0)}};
    vst4q_u16(plane + 4 * i, words);
  }
  for (; i != pixels; ++i) {
    for (std::size_t c = 0; c != 3; ++c) {
      plane[4 * i + c] = static_cast<std::uint16_t>(values[3 * i + c] << 7);
    }
    plane[4 * i + 3] = 0;
  }
}

void add_row(const std::uint8_t* values, std::size_t n, std::uint16_t* sums) noexcept {
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    vst1q_u16(sums + i, vaddw_u8(vld1q_u16(sums + i), vld1_u8(values + i)));
  }
  for (; i != n; ++i) sums[i] = static_cast<std::uint16_t>(sums[i] + values[i]);
}

void average_row(const std::uint16_t* sums, std::size_t cells, std::size_t factor, float weight,
                 std::uint16_t* plane) noexcept {
  for (std::size_t i = 0; i != cells; ++i) {
    uint32x4_t total = vdupq_n_u32(0);
    for (std::size_t j = 0; j != factor; ++j, sums += 3) total = vaddw_u16(total, vld1_u16(sums));
    total = vsetq_lane_u32(0, total, 3);
    const uint32x4_t mean = vcvtnq_u32_f32(vmulq_n_f32(vcvtq_f32_u32(total), weight));
    vst1_u16(plane + 4 * i, vmovn_u32(mean));
  }
}

// a + fraction * (b - a), the fraction in units of 2^-15.
int16x8_t blend(int16x8_t a, int16x8_t b, std::int16_t fraction) noexcept {
  return vaddq_s16(a, vqrdmulhq_n_s16(vsubq_s16(b, a), fraction));
}

int16x8_t pair(const std::uint16_t* at) noexcept { return vreinterpretq_s16_u16(vld1q_u16(at)); }

void add_taps(Plane plane, Line line, std::int32_t* total) noexcept {
  const float first[4] = {0, 1, 2, 3};
  std::uint32_t col[4], row[4];
  std::int32_t fx[4], fy[4];
  float32x4_t i = vld1q_f32(first);
  for (std::size_t quarter = 0; quarter != lanes / 4; ++quarter) {
    const float32x4_t w = vfmaq_n_f32(vdupq_n_f32(line.w), i, line.dw);
    const float32x4_t scale = vdivq_f32(vdupq_n_f32(1), w);
    const float32x4_t x = vmulq_f32(scale, vfmaq_n_f32(vdupq_n_f32(line.x), i, line.dx));
    const float32x4_t y = vmulq_f32(scale, vfmaq_n_f32(vdupq_n_f32(line.y), i, line.dy));
    const uint32x4_t whole_x = vcvtq_u32_f32(x), whole_y = vcvtq_u32_f32(y);
    vst1q_u32(col, whole_x);
    vst1q_u32(row, whole_y);
    vst1q_s32(fx, vcvtq_n_s32_f32(vsubq_f32(x, vcvtq_f32_u32(whole_x)), 15));
    vst1q_s32(fy, vcvtq_n_s32_f32(vsubq_f32(y, vcvtq_f32_u32(whole_y)), 15));
    i = vaddq_f32(i, vdupq_n_f32(4));

    for (std::size_t lane = 0; lane != 4; ++lane, total += 4) {
      const std::uint16_t* at = plane.data + 4 * (row[lane] * plane.cols + col[lane]);
      const auto down = static_cast<std::int16_t>(fy[lane]);
      const int16x8_t left = blend(pair(at), pair(at + 4 * plane.cols), down);
      const int16x8_t right = vextq_s16(left, left, 4);
      const int16x8_t tap = blend(left, right, static_cast<std::int16_t>(fx[lane]));
      vst1q_s32(total, vaddw_s16(vld1q_s32(total), vget_low_s16(tap)));
    }
  }
}

}  // namespace

const Stages stages_neon{widen_row, add_row, average_row, add_taps};

}  // namespace edgegeo

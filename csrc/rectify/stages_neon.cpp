#include <arm_neon.h>

#include "stages.h"

namespace edgegeo {
namespace {

void widen(const std::uint8_t* values, std::size_t n, std::uint16_t* plane) noexcept {
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) vst1q_u16(plane + i, vshll_n_u8(vld1_u8(values + i), 7));
  for (; i != n; ++i) plane[i] = static_cast<std::uint16_t>(values[i] * plane_one);
}

void sum_rows(const std::uint8_t* values, std::size_t stride, std::size_t rows, std::size_t n,
              std::uint16_t* sums) noexcept {
  std::size_t i = 0;
  for (; i + 32 <= n; i += 32) {
    uint16x8_t total[4] = {vdupq_n_u16(0), vdupq_n_u16(0), vdupq_n_u16(0), vdupq_n_u16(0)};
    const std::uint8_t* at = values + i;
    for (std::size_t row = 0; row != rows; ++row, at += stride) {
      for (std::size_t part = 0; part != 4; ++part) {
        total[part] = vaddw_u8(total[part], vld1_u8(at + 8 * part));
      }
    }
    for (std::size_t part = 0; part != 4; ++part) vst1q_u16(sums + i + 8 * part, total[part]);
  }
  for (; i != n; ++i) {
    unsigned sum = 0;
    for (std::size_t row = 0; row != rows; ++row) sum += values[row * stride + i];
    sums[i] = static_cast<std::uint16_t>(sum);
  }
}

void average_row(const std::uint16_t* sums, std::size_t cells, std::size_t factor, Mean mean,
                 std::uint16_t* plane) noexcept {
  const int32x4_t shift = vdupq_n_s32(mean.shift);  // to the right where it is below zero
  const uint32x4_t by = vdupq_n_u32(mean.by);
  for (std::size_t i = 0; i != cells; ++i) {
    uint32x4_t total = vdupq_n_u32(0);
    for (std::size_t j = 0; j != factor; ++j, sums += 3) total = vaddw_u16(total, vld1_u16(sums));
    vst1_u16(plane + 3 * i, vshrn_n_u32(vmulq_u32(vshlq_u32(total, shift), by), 16));
  }
}

void average_pairs(const std::uint8_t* upper, const std::uint8_t* lower, std::size_t cells,
                   std::uint16_t* plane) noexcept {
  std::size_t i = 0;
  for (; i + 8 <= cells; i += 8, upper += 48, lower += 48) {
    const uint8x16x3_t above = vld3q_u8(upper), below = vld3q_u8(lower);
    uint16x8x3_t means;
    for (std::size_t c = 0; c != 3; ++c) {
      means.val[c] = vshlq_n_u16(vpadalq_u8(vpaddlq_u8(above.val[c]), below.val[c]), 5);
    }
    vst3q_u16(plane + 3 * i, means);
  }
  for (; i != cells; ++i, upper += 6, lower += 6) {
    for (std::size_t c = 0; c != 3; ++c) {
      plane[3 * i + c] =
          static_cast<std::uint16_t>((upper[c] + upper[c + 3] + lower[c] + lower[c + 3]) << 5);
    }
  }
}

void smooth(const std::uint16_t* a, const std::uint16_t* b, const std::uint16_t* c, std::size_t n,
            std::int16_t share, std::uint16_t* out) noexcept {
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const int16x8_t here = vreinterpretq_s16_u16(vld1q_u16(b + i));
    const int16x8_t beside = vreinterpretq_s16_u16(vrhaddq_u16(vld1q_u16(a + i), vld1q_u16(c + i)));
    const int16x8_t change = vqrdmulhq_n_s16(vsubq_s16(beside, here), share);
    vst1q_u16(out + i, vreinterpretq_u16_s16(vaddq_s16(here, change)));
  }
  for (; i != n; ++i) {
    const std::int32_t beside = (a[i] + c[i] + 1) >> 1;
    out[i] = static_cast<std::uint16_t>(b[i] + (((beside - b[i]) * share + 0x4000) >> 15));
  }
}

// Into [0, last]; NaN becomes 0.
float32x4_t into(float32x4_t x, float last) noexcept {
  return vminnmq_f32(vmaxnmq_f32(x, vdupq_n_f32(0)), vdupq_n_f32(last));
}

// The taps of four pixels, each a vector of channels.
struct Four {
  std::int32_t at[4];
  std::int16_t upper_left[4], upper_right[4], lower_left[4], lower_right[4];  // shares in 2^-14

  Four(const Line& line, std::size_t stride, float32x4_t i) noexcept {
    const float32x4_t w = vfmaq_n_f32(vdupq_n_f32(line.w), i, line.dw);
    const float32x4_t scale = vdivq_f32(vdupq_n_f32(1), w);
    const float32x4_t x =
        into(vmulq_f32(scale, vfmaq_n_f32(vdupq_n_f32(line.x), i, line.dx)), line.last_col);
    const float32x4_t y =
        into(vmulq_f32(scale, vfmaq_n_f32(vdupq_n_f32(line.y), i, line.dy)), line.last_row);
    const int32x4_t col = vcvtq_s32_f32(x), row = vcvtq_s32_f32(y);
    const int16x4_t right = vmovn_s32(vcvtq_n_s32_f32(vsubq_f32(x, vcvtq_f32_s32(col)), 14));
    const int16x4_t down = vmovn_s32(vcvtq_n_s32_f32(vsubq_f32(y, vcvtq_f32_s32(row)), 15));
    const int16x4_t left = vsub_s16(vdup_n_s16(16384), right);
    const int16x4_t low_left = vqrdmulh_s16(left, down), low_right = vqrdmulh_s16(right, down);
    vst1_s16(lower_left, low_left), vst1_s16(upper_left, vsub_s16(left, low_left));
    vst1_s16(lower_right, low_right), vst1_s16(upper_right, vsub_s16(right, low_right));
    const int32x4_t words = vmulq_n_s32(row, static_cast<std::int32_t>(stride));
    vst1q_s32(at, vmlaq_n_s32(words, col, 3));
  }

  float32x4_t taps(std::size_t i, const std::uint16_t* cells, std::size_t stride) const noexcept {
    const std::uint16_t* cell = cells + at[i];
    const int16x8_t above = vreinterpretq_s16_u16(vld1q_u16(cell));
    const int16x8_t below = vreinterpretq_s16_u16(vld1q_u16(cell + stride));
    int32x4_t total = vmull_n_s16(vget_low_s16(above), upper_left[i]);
    total = vmlal_n_s16(total, vget_low_s16(vextq_s16(above, above, 3)), upper_right[i]);
    total = vmlal_n_s16(total, vget_low_s16(below), lower_left[i]);
    total = vmlal_n_s16(total, vget_low_s16(vextq_s16(below, below, 3)), lower_right[i]);
    return vcvtq_f32_s32(total);
  }
};

void sample(const Line* lines, std::size_t taps, std::size_t stride, std::size_t count, float scale,
            float* first, float* second, float* third) noexcept {
  const float start[4] = {0, 1, 2, 3};
  float32x4_t i = vld1q_f32(start);
  for (std::size_t done = 0; done < count; done += 4, i = vaddq_f32(i, vdupq_n_f32(4))) {
    float32x4_t sums[4] = {vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0)};
    for (const Line* line = lines; line != lines + taps; ++line) {
      const Four four(*line, stride, i);
      for (std::size_t k = 0; k != 4; ++k) {
        sums[k] = vaddq_f32(sums[k], four.taps(k, line->cells, stride));
      }
    }
    const auto row = [scale](float32x4_t sum, float* out) {
      vst1q_f32(out, vfmaq_n_f32(vdupq_n_f32(-2), sum, scale));
    };
    const float32x4x2_t low = vzipq_f32(sums[0], sums[2]), high = vzipq_f32(sums[1], sums[3]);
    row(vzip1q_f32(low.val[0], high.val[0]), first + done);
    row(vzip2q_f32(low.val[0], high.val[0]), second + done);
    row(vzip1q_f32(low.val[1], high.val[1]), third + done);
  }
}

void narrow(const float* values, std::size_t n, Half* out) noexcept {
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    const float16x4_t halves = vcvt_f16_f32(vld1q_f32(values + i));
    vst1_u16(reinterpret_cast<std::uint16_t*>(out + i), vreinterpret_u16_f16(halves));
  }
  for (; i != n; ++i) {
    const float16x4_t halves = vcvt_f16_f32(vdupq_n_f32(values[i]));
    out[i].bits = vget_lane_u16(vreinterpret_u16_f16(halves), 0);
  }
}

}  // namespace

const Stages stages_neon{widen, sum_rows, average_row, average_pairs, smooth, sample, narrow};

}  // namespace edgegeo

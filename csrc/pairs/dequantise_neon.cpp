#include <arm_neon.h>

#include "dequantise.h"

void edgegeo::dequantise_neon(const std::int8_t* values, std::size_t n, float scale,
                              float* out) noexcept {
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const int16x8_t wide = vmovl_s8(vld1_s8(values + i));
    const float32x4_t low = vcvtq_f32_s32(vmovl_s16(vget_low_s16(wide)));
    const float32x4_t high = vcvtq_f32_s32(vmovl_s16(vget_high_s16(wide)));
    vst1q_f32(out + i, vmulq_n_f32(low, scale));
    vst1q_f32(out + i + 4, vmulq_n_f32(high, scale));
  }
  for (; i != n; ++i) out[i] = scale * static_cast<float>(values[i]);
}

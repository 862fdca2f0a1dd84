#include <arm_neon.h>

#include <cstring>

#include "dequantise.h"

namespace edgegeo {
namespace {

struct Eight {
  float32x4_t low, high;
};

Eight eight(const std::int8_t* values, float scale) noexcept {
  const int16x8_t wide = vmovl_s8(vld1_s8(values));
  return {vmulq_n_f32(vcvtq_f32_s32(vmovl_s16(vget_low_s16(wide))), scale),
          vmulq_n_f32(vcvtq_f32_s32(vmovl_s16(vget_high_s16(wide))), scale)};
}

uint16x8_t halves(Eight x) noexcept {  // to the nearest, even on a tie, as the core is set
  return vreinterpretq_u16_f16(vcombine_f16(vcvt_f16_f32(x.low), vcvt_f16_f32(x.high)));
}

}  // namespace

void dequantise_neon(const std::int8_t* values, std::size_t n, float scale, float* out,
                     const std::int8_t* next) noexcept {
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    if (i % 64 == 0) __builtin_prefetch(next + i);
    const Eight x = eight(values + i, scale);
    vst1q_f32(out + i, x.low);
    vst1q_f32(out + i + 4, x.high);
  }
  for (; i != n; ++i) out[i] = scale * static_cast<float>(values[i]);
}

void dequantise_neon(const std::int8_t* values, std::size_t n, float scale, Half* out,
                     const std::int8_t* next) noexcept {
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    if (i % 64 == 0) __builtin_prefetch(next + i);
    vst1q_u16(&out[i].bits, halves(eight(values + i, scale)));
  }
  if (i == n) return;
  std::int8_t last[8] = {};
  std::uint16_t rest[8];
  std::memcpy(last, values + i, n - i);
  vst1q_u16(rest, halves(eight(last, scale)));
  std::memcpy(out + i, rest, (n - i) * sizeof(Half));
}

}  // namespace edgegeo

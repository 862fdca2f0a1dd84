#include <arm_neon.h>

#include "score.h"

namespace edgegeo {
namespace {

// Eight lanes as two registers: the order of sums that the other targets have.
struct Eight {
  float32x4_t low, high;
};

Eight load8(const float* x) noexcept { return {vld1q_f32(x), vld1q_f32(x + 4)}; }
Eight load8(const Half* x) noexcept {
  const float16x8_t halves = vreinterpretq_f16_u16(vld1q_u16(&x->bits));
  return {vcvt_f32_f16(vget_low_f16(halves)), vcvt_f32_f16(vget_high_f16(halves))};
}
Eight load8(const std::int8_t* x) noexcept {
  const int16x8_t wide = vmovl_s8(vld1_s8(x));
  return {vcvtq_f32_s32(vmovl_s16(vget_low_s16(wide))),
          vcvtq_f32_s32(vmovl_s16(vget_high_s16(wide)))};
}

float widen(float x) noexcept { return x; }
float widen(Half x) noexcept {
  return vgetq_lane_f32(vcvt_f32_f16(vreinterpret_f16_u16(vdup_n_u16(x.bits))), 0);
}
float widen(std::int8_t x) noexcept { return static_cast<float>(x); }

float total(Eight sum) noexcept {
  const float32x4_t four = vaddq_f32(sum.low, sum.high);
  return (vgetq_lane_f32(four, 0) + vgetq_lane_f32(four, 1)) +
         (vgetq_lane_f32(four, 2) + vgetq_lane_f32(four, 3));
}

// Q queries against R rows: Q * R running sums stay in registers, each in the same order of
// sums whatever Q and R are.
template <int Q, int R, class Row>
void score_tile(const float* queries, const Row* const* rows, std::size_t d, float* scores,
                std::size_t stride) noexcept {
  Eight sum[Q][R];
  for (int q = 0; q != Q; ++q) {
    for (int r = 0; r != R; ++r) sum[q][r] = {vdupq_n_f32(0), vdupq_n_f32(0)};
  }
  std::size_t i = 0;
  for (; i + 8 <= d; i += 8) {
    Eight query[Q];
    for (std::size_t q = 0; q != Q; ++q) query[q] = load8(queries + q * d + i);
    for (std::size_t r = 0; r != R; ++r) {
      const Eight row = load8(rows[r] + i);
      for (std::size_t q = 0; q != Q; ++q) {
        sum[q][r].low = vfmaq_f32(sum[q][r].low, query[q].low, row.low);
        sum[q][r].high = vfmaq_f32(sum[q][r].high, query[q].high, row.high);
      }
    }
  }
  for (std::size_t q = 0; q != Q; ++q) {
    for (std::size_t r = 0; r != R; ++r) {
      float score = total(sum[q][r]);
      for (std::size_t j = i; j != d; ++j) score += queries[q * d + j] * widen(rows[r][j]);
      scores[q * stride + r] = score;
    }
  }
}

template <int Q, int R, class Row>
void score_rows(const float* queries, const Row* const* rows, std::size_t n, std::size_t d,
                float* scores) noexcept {
  std::size_t row = 0;
  for (; row + R <= n; row += R) score_tile<Q, R>(queries, rows + row, d, scores + row, n);
  for (; row != n; ++row) score_tile<Q, 1>(queries, rows + row, d, scores + row, n);
}

}  // namespace

template <class Row>
void score_neon(const float* queries, std::size_t q, const Row* const* rows, std::size_t n,
                std::size_t d, float* scores) noexcept {
  switch (q) {
    case 1:
      return score_rows<1, 8>(queries, rows, n, d, scores);
    case 2:
      return score_rows<2, 4>(queries, rows, n, d, scores);
    case 3:
      return score_rows<3, 4>(queries, rows, n, d, scores);
    case 4:
      return score_rows<4, 2>(queries, rows, n, d, scores);
    default:
      score_neon(queries, 4, rows, n, d, scores);
      return score_neon(queries + 4 * d, q - 4, rows, n, d, scores + 4 * n);
  }
}

template void score_neon(const float*, std::size_t, const float* const*, std::size_t, std::size_t,
                         float*) noexcept;
template void score_neon(const float*, std::size_t, const Half* const*, std::size_t, std::size_t,
                         float*) noexcept;
template void score_neon(const float*, std::size_t, const std::int8_t* const*, std::size_t,
                         std::size_t, float*) noexcept;

}  // namespace edgegeo

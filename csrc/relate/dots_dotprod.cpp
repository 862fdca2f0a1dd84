#include <arm_neon.h>

#include "steps.h"

namespace edgegeo {
namespace {

// S shifts at once: one load of the grid for S of what lies under it. One instruction adds four
// products of bytes to each of four sums of 32 bits.
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
        sum[s] = vdotq_s32(sum[s], value, vld1q_s8(b + i + s * shape.step));
      }
    }
    for (; i != shape.columns; ++i) {
      for (std::size_t s = 0; s != S; ++s) rest[s] += a[i] * b[i + s * shape.step];
    }
  }
  for (int s = 0; s != S; ++s) out[s] = vaddvq_s32(sum[s]) + rest[s];
}

}  // namespace

void dots_dotprod(const std::int8_t* grid, const void* packed, const Sliding& shape,
                  std::int32_t* out) noexcept {
  const auto* under = static_cast<const std::int8_t*>(packed);
  std::size_t s = 0;
  for (; s + 7 <= shape.shifts; s += 7) dots_of<7>(grid, under + s * shape.step, shape, out + s);
  for (; s + 3 <= shape.shifts; s += 3) dots_of<3>(grid, under + s * shape.step, shape, out + s);
  for (; s != shape.shifts; ++s) dots_of<1>(grid, under + s * shape.step, shape, out + s);
}

}  // namespace edgegeo

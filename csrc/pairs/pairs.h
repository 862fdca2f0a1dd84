// The stored tokens of K candidates, dequantised into one contiguous batch for the ranker.
//
//   tokens (n, t * c) i8             scales (n)      f32, one a row of `tokens`
//   ids    (k)        i32            out    (k, t*c) f32
//
// Value      out[j] = scales[ids[j]] * tokens[ids[j]], exact up to one f32 rounding, hence the
//            same on every target.
// Contract   0 <= id < n, checked by the caller; ids may repeat. No allocation, no throw.
#pragma once
#include "../cpu.h"
#include "../view.h"

namespace edgegeo {

void gather_pairs(View<const std::int8_t> tokens, const float* scales, const std::int32_t* ids,
                  View<float> out, Target target) noexcept;

}  // namespace edgegeo

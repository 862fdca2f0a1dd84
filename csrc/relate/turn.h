// A query's token grids, turned and scaled: what relate compares candidates with.
//
//   tokens  (r, t * c) f32  grids of t tokens        taps    (m, 4) i32  tokens, t for "outside"
//   weights (m, 4)     i16  of 2^14                  out     (r, m * c) i8, scales (r) f32
//
// Value      out[i] * scale is the weighted mean of four tokens, those outside being 0: bilinear
//            sampling. scale = the grid's largest magnitude over 127, or 1 where there is none, so
//            nothing is clipped.
// Precision  within 0.51 of a scale; the same on every target.
// Contract   finite tokens; 0 <= tap <= t; weights not negative, four of them at most 2^14;
//            checked by the caller. Allocates 2 * (t + 1) * c bytes a thread.
#pragma once
#include "../cpu.h"
#include "../pool.h"
#include "../view.h"

namespace edgegeo {

struct Taps {
  View<const std::int32_t> tokens;
  const std::int16_t* weights;
};

void turn_tokens(View<const float> tokens, std::size_t width, Taps taps, std::int8_t* out,
                 float* scales, Pool& pool, Target target);

}  // namespace edgegeo

// The stored tokens of K candidates, dequantised into one contiguous batch for the ranker.
//
//   tokens (n, t * c) i8             scales (n)      f32, one a row of `tokens`
//   ids    (k)        i32            out    (k, t*c) f32 or f16
//
// Value      out[j] = scales[ids[j]] * tokens[ids[j]], exact up to one f32 rounding and for f16
//            another to the nearest, even on a tie, past its largest value to infinity: the same
//            on every target and for any number of threads.
// Contract   0 <= id < n, checked by the caller; ids may repeat. No allocation.
#pragma once
#include "../cpu.h"
#include "../pool.h"
#include "../view.h"

namespace edgegeo {

// Out is float or Half.
template <class Out>
void gather_pairs(View<const std::int8_t> tokens, const float* scales, const std::int32_t* ids,
                  View<Out> out, Pool& pool, Target target);

// Ask the system to read the rows of a memory-mapped file, all of them at once, and go on: what
// touches them later need not wait for one page after the other. Nothing happens where memory is
// not a file's or the system is not Linux.
void prefetch_rows(View<const std::int8_t> tokens, const std::int32_t* ids, std::size_t k) noexcept;

}  // namespace edgegeo

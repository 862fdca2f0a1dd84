// Exact top-k inner product: the frame's embeddings against every map tile.
//
//   queries (q, d) f32               gallery (n, d) f32, f16 or i8
//        or (q, d) i8                        (n, d) i8, with query_scales (q) f32
//   scales  (n)    f32 or null       ranges  (m, 2) i64 rows [start, stop) to search
//   ids     (q, k) i32 out           scores  (q, k) f32 out, descending
//
// Score      scale[row] * sum_i query[i] * row[i]; a null `scales` means 1.
//            i8 queries: scale[row] * (query_scale[q] * f32(sum)), multiplied in that order,
//            where the sum is an exact i32 for every int8 value, -128 too.
// Order      equal scores go to the lower id. A NaN score counts as -inf, so such a row is
//            never returned before one with a finite score.
// Padding    where the ranges hold fewer than k rows the tail is id -1, score -inf.
// Precision  f32 sums; for unit rows |error| <= d * 2^-24. Targets may differ by that much,
//            so near-ties may swap ids between CPUs. On one target the score of a pair does
//            not depend on the other rows, the other queries or the ranges. i8 queries: the
//            three roundings of the score above and no other, so targets agree to the bit.
// Contract   k >= 1, n < 2^31, d < 2^17 for i8 queries, ranges ascending, disjoint and inside
//            [0, n], checked by the caller. No allocation, no throw.
#pragma once
#include "../cpu.h"
#include "../view.h"

namespace edgegeo {

template <class Row>  // float, Half or std::int8_t
void top_k(View<const float> queries, View<const Row> gallery, const float* scales,
           View<const std::int64_t> ranges, View<std::int32_t> ids, View<float> scores,
           Target target) noexcept;

void top_k(View<const std::int8_t> queries, const float* query_scales,
           View<const std::int8_t> gallery, const float* scales, View<const std::int64_t> ranges,
           View<std::int32_t> ids, View<float> scores, Target target) noexcept;

}  // namespace edgegeo

// Exact top-k inner product: the frame's embeddings against every map tile.
//
//   queries (q, d) f32               gallery (n, d) f32, f16 or i8
//   scales  (n)    f32 or null       ranges  (m, 2) i64 rows [start, stop) to search
//   ids     (q, k) i32 out           scores  (q, k) f32 out, descending
//
// Score      scale[row] * sum_i query[i] * row[i]; a null `scales` means 1.
// Order      equal scores go to the lower id. A NaN score counts as -inf, so such a row is
//            never returned before one with a finite score.
// Padding    where the ranges hold fewer than k rows the tail is id -1, score -inf.
// Precision  f32 sums; for unit rows |error| <= d * 2^-24. Targets may differ by that much,
//            so near-ties may swap ids between CPUs. On one target the score of a pair does
//            not depend on the other rows, the other queries or the ranges.
// Contract   k >= 1, n < 2^31, ranges ascending, disjoint and inside [0, n], checked by the
//            caller. No allocation, no throw.
#pragma once
#include "../cpu.h"
#include "../view.h"

namespace edgegeo {

template <class Row>  // float, Half or std::int8_t
void top_k(View<const float> queries, View<const Row> gallery, const float* scales,
           View<const std::int64_t> ranges, View<std::int32_t> ids, View<float> scores,
           Target target) noexcept;

}  // namespace edgegeo

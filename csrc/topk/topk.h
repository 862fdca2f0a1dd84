// Exact top-k inner product: the frame's embeddings against every map tile.
//
//   queries (q, d) f32               gallery (n, d) f32, f16 or i8
//        or (q, d) i8                        (n, d) i8, with query_scales (q) f32
//   scales  (n)    f32 or null       rows    which of them to search, see rows.h
//   ids     (g, k) i32 out           scores  (g, k) f32 out, descending
//
// Groups     the queries come in g groups that follow each other, ends (g) i64, such as the moves
//            of one crop; what counts is a row's best score over a group, and `found` (g, k) i32
//            out says whose it is, the lower query on a tie. Null ends: each query is a group.
// Score      scale[row] * sum_i query[i] * row[i]; a null `scales` means 1.
//            i8 queries: scale[row] * (query_scale[q] * f32(sum)), multiplied in that order,
//            where the sum is an exact i32 for every int8 value, -128 too.
// Order      equal scores go to the lower id. A NaN score counts as -inf, so such a row is
//            never returned before one with a finite score.
// Padding    where there are fewer than k rows to search the tail is id -1, found -1, score -inf.
// Precision  f32 sums; for unit rows |error| <= d * 2^-24. Targets may differ by that much,
//            so near-ties may swap ids between CPUs. On one target the score of a pair does
//            not depend on the other rows, the other queries, the rows searched or the threads,
//            and so neither does any result. i8 queries: the three roundings of the score above
//            and no other, so targets agree to the bit.
// Threads    those of the pool share the rows; none where it is null.
// Contract   k >= 1, n < 2^31, d < 2^17 for i8 queries, rows inside [0, n), groups not empty and
//            together all queries, checked by the caller. Allocates what each further thread needs
//            for its own k best; std::bad_alloc where that fails, and what the pool throws.
#pragma once
#include "../cpu.h"
#include "../pool.h"
#include "../view.h"
#include "rows.h"

namespace edgegeo {

struct Groups {
  const std::int64_t* ends = nullptr;
  std::int32_t* found = nullptr;  // or null
};

template <class Row>  // float, Half or std::int8_t
void top_k(View<const float> queries, View<const Row> gallery, const float* scales,
           const Rows& rows, const Groups& groups, View<std::int32_t> ids, View<float> scores,
           Pool* pool, Target target);

void top_k(View<const std::int8_t> queries, const float* query_scales,
           View<const std::int8_t> gallery, const float* scales, const Rows& rows,
           const Groups& groups, View<std::int32_t> ids, View<float> scores, Pool* pool,
           Target target);

}  // namespace edgegeo

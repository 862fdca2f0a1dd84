// Exact top-k by way of a coarse copy of the rows, with a proof that nothing is missed.
//
//   queries (q, d) f32       gallery (n, d) f32 or f16       coarse  int8 rows, scales and bounds
//   ids     (q, k) i32 out   scores  (q, k) f32 out          rescored (q) i64 out
//
// Result     what top_k of the same queries, gallery, rows, k and target gives, to the bit: ids,
//            scores, ties, NaN and padding. `rescored` says how many rows of the gallery itself
//            were read for it. All else is speed: the coarse rows are a quarter of the bytes.
//
// Proof      Let x be a row, s its scale and c its int8 values, y = s c, with the two bounds
//            e >= |x - y| and m >= |x| (Euclidean norms). Let u be the query, t and p its scale and
//            int8 values, N >= |u| and W >= |u - t p|. D = p . c is an exact integer.
//              u . x = t s D + (u - t p) . y + u . (x - y),   |y| <= m + e,   so
//              |u . x - t s D| <= W (m + e) + N e.                                            (1)
//            The score F that top_k gives is a sum of d products with at most d roundings on the
//            way of each, in any order, with or without fused products. With h = 2^-24
//              |F - u . x| <= g N m + d 2^-148,   g = 1.01 d h >= (1 + h)^d - 1 for d < 2^17. (2)
//            The estimate a = s (t f32(D)) has three roundings, and |t p| <= N + W:
//              |a - t s D| <= 4 h (N + W) (m + e) + 2^-149.                                   (3)
//            By (1) to (3) F is in [a - b, a + b] with b = A e + B m + C and
//              A = (N + W) (1 + 2^-19), B = (W + g N + 2^-20 (N + W)) (1 + 2^-19), C = d 2^-146,
//            whose excess over the sum of the three is at least 12 h (N + W)(m + e) and d 2^-147,
//            more than the 7 h (N + W)(m + e) and 2^-148 that rounding A, B, b, a - b and a + b
//            to f32 may take away.
//            Let L be the k-th largest a - b. k rows have F >= L, so a row with a + b < L is not
//            among the best k and ties with none of them. All others are scored by top_k itself;
//            whose score of a pair depends on the pair only. While the pass runs, the k-th largest
//            a - b so far stands for L, which it never exceeds.
//
// No proof   (2) and (3) want sums that do not overflow and products t D that are normal: a row
// with
//            m or e > 2^62 or with a value that is not finite has e = inf by the contract below,
//            so a + b is inf or NaN and the row is always scored; a query with a value that is not
//            finite or with N outside [2^-60, 2^62], the zero query too, is left to top_k.
// Mode       rounding to nearest and subnormals kept, as every process starts.
// Contract   that of top_k; coarse.rows (n, d), d < 2^17; bounds (n, 2) f32: e, then m, rounded up,
//            e = inf where a row is not finite, m > 2^62 or e > 2^62. Throws as top_k does.
#pragma once
#include "topk.h"

namespace edgegeo {

struct Coarse {
  View<const std::int8_t> rows;
  const float *scales, *bounds;
};

template <class Row>  // float or Half
void certified_top_k(View<const float> queries, View<const Row> gallery, const Coarse& coarse,
                     const Rows& rows, View<std::int32_t> ids, View<float> scores,
                     std::int64_t* rescored, Pool* pool, Target target);

}  // namespace edgegeo

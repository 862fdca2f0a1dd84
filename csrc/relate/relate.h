// How the grids of a query lie on K candidates' stored tokens: their correlation over small shifts.
//
//   tokens  (n, g * g * c) i8  rows of a gallery, north row of a grid first; scales (n) f32
//   ids     (k) i32            the candidates' rows of `tokens`
//   grids   (q, g * g * c) i8  a query turned and scaled in several ways; grid_scales (q) f32
//   firsts  (k) i32            candidate j meets the `copies` grids that begin with firsts[j]
//
// Shifts     s = 2 * reach + 1 each way. Index [dy + reach][dx + reach] lays the grid's centre dx
//            tokens east and dy tokens south of the candidate's.
// Cosine     a token's length is its weight: N = sum q . k and D = sum |q| |k| over the tokens that
//            lie on each other, cosine = N / (D + 1e-3), overlap = D / (sqrt(sum |q|^2 sum |k|^2)
//            + 1e-3) over all tokens, at most 1. Tokens are what is stored times its scale.
// Score      cosine * (overlap + 1e-4)^power. Of a candidate the best one counts: its copy, counted
//            from firsts[j], and its shift. Equal scores go to the lower copy, then the lower
//            shift.
// Search     keep = 0 tries every copy at every shift. Else all of them at half resolution (the
// means
//            of 2 x 2 tokens, rounded to i8, over shifts up to reach / 2), then the `keep` best
//            copies within a token of where that put them, then every shift of the best of these.
//            Both give the score of what they choose to the same bound; a search may choose less.
// Precision  N and all sums of squares are exact in i32, D a sum of f32 products of f32 roots:
//            cosine and overlap are within (g * g + 8) * 2^-23 of float64's. Targets may differ
//            by that much; the number of threads makes no difference.
// Contract   1 <= g, 0 <= reach < g, 1 <= g * g * c < 2^17, 1 <= copies, rows in range; with keep
//            g is even; checked by the caller. Allocates some 20 * g * (g + 2 * reach) * c bytes a
//            thread and 2 * g * g * c bytes a grid.
#pragma once
#include "../cpu.h"
#include "../pool.h"
#include "grid.h"

namespace edgegeo {

struct Candidates {
  View<const std::int8_t> tokens;
  const float* scales;
  const std::int32_t* ids;
  const std::int32_t* firsts;
  std::size_t count;
};

struct Copies {
  View<const std::int8_t> grids;
  const float* scales;
  std::size_t each;
};

struct Search {
  std::size_t reach;
  float power;
  std::size_t keep;
};

// (k), (k), (k, 2) as (dy, dx); the last two (k, s, s) at the copy chosen, or null.
struct Related {
  float* score;
  std::int32_t* copy;
  std::int32_t* shift;
  float* cosine;
  float* overlap;
};

void relate(Grid grid, const Candidates& candidates, const Copies& copies, Search search,
            const Related& out, Pool& pool, Target target);

}  // namespace edgegeo

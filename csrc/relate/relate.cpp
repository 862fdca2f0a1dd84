#include "relate.h"

#include <algorithm>
#include <memory>

#include "correlation.h"

namespace edgegeo {
namespace {

// All copies at one resolution.
struct Level {
  Level(Grid shape, std::size_t count) : weighed(shape, count) {}

  Over over(std::size_t at, std::int32_t copy, double scale) const noexcept {
    return {values + at * weighed.shape.values(), &weighed, at, scale, copy};
  }

  const std::int8_t* values = nullptr;
  Weighed weighed;
};

// What one thread needs for one candidate at a time.
struct Bench {
  Bench(Grid grid, Search search, std::size_t copies, const Steps& steps)
      : full(grid, search.reach, search.power, steps),
        half(grid.half(), search.reach / 2, search.power, steps),
        halved(grid.half().values()),
        coarse(copies) {}

  Correlation full, half;
  std::vector<std::int8_t> halved;
  std::vector<Best> coarse;
};

class Relation {
 public:
  Relation(Grid grid, const Candidates& candidates, const Copies& copies, Search search, Pool& pool)
      : grid_(grid),
        candidates_(candidates),
        copies_(copies),
        search_(search),
        coarse_first_(search.keep != 0 && search.keep < copies.each),
        full_(grid, copies.grids.rows),
        half_(grid.half(), coarse_first_ ? copies.grids.rows : 0),
        halves_(coarse_first_ ? copies.grids.rows * grid.half().values() : 0) {
    full_.values = copies.grids.data;
    half_.values = halves_.data();
    pool.run(copies.grids.rows, [&](std::size_t i, std::size_t) {
      full_.weighed.weigh(i, copies.grids.row(i));
      if (!coarse_first_) return;
      std::int8_t* half = halves_.data() + i * grid.half().values();
      halve(grid, copies.grids.row(i), half);
      half_.weighed.weigh(i, half);
    });
  }

  Best best_of(std::size_t j, Bench& bench, float* cosine, float* overlap) const noexcept {
    const std::int8_t* tokens =
        candidates_.tokens.row(static_cast<std::size_t>(candidates_.ids[j]));
    bench.full.lay(tokens);
    Best best;
    if (coarse_first_) {
      halve(grid_, tokens, bench.halved.data());
      bench.half.lay(bench.halved.data());
      keep_some(j, bench);
      best.copy = bench.coarse[0].copy;
      for (std::size_t i = 0; search_.keep != 1 && i != search_.keep; ++i) {
        const Best& kept = bench.coarse[i];
        bench.full.around(copy(full_, j, kept.copy), 2 * kept.dy, 2 * kept.dx, 1, best);
      }
    } else {
      for (std::size_t w = 0; w != copies_.each; ++w) {
        bench.full.everywhere(copy(full_, j, static_cast<std::int32_t>(w)), best, nullptr, nullptr);
      }
    }
    if (coarse_first_ || cosine != nullptr) {
      const Over chosen = copy(full_, j, best.copy);
      best = {};
      best.copy = chosen.copy;
      bench.full.everywhere(chosen, best, cosine, overlap);
    }
    return best;
  }

 private:
  // The copies that fit best at half resolution come first, in their own order.
  void keep_some(std::size_t j, Bench& bench) const noexcept {
    for (std::size_t w = 0; w != copies_.each; ++w) {
      bench.coarse[w] = {};
      bench.coarse[w].copy = static_cast<std::int32_t>(w);
      bench.half.everywhere(copy(half_, j, static_cast<std::int32_t>(w)), bench.coarse[w], nullptr,
                            nullptr);
    }
    const auto kept = bench.coarse.begin() + static_cast<std::ptrdiff_t>(search_.keep);
    std::partial_sort(bench.coarse.begin(), kept, bench.coarse.end(),
                      [](const Best& a, const Best& b) {
                        return a.score != b.score ? a.score > b.score : a.copy < b.copy;
                      });
    std::sort(bench.coarse.begin(), kept,
              [](const Best& a, const Best& b) { return a.copy < b.copy; });
  }

  Over copy(const Level& level, std::size_t j, std::int32_t copy) const noexcept {
    const std::size_t at = static_cast<std::size_t>(candidates_.firsts[j] + copy);
    const double scale = candidates_.scales[candidates_.ids[j]];
    return level.over(at, copy, scale * static_cast<double>(copies_.scales[at]));
  }

  Grid grid_;
  const Candidates& candidates_;
  const Copies& copies_;
  Search search_;
  bool coarse_first_;
  Level full_, half_;
  std::vector<std::int8_t> halves_;
};

}  // namespace

void relate(Grid grid, const Candidates& candidates, const Copies& copies, Search search,
            const Related& out, Pool& pool, Target target) {
  const Relation relation(grid, candidates, copies, search, pool);
  const std::size_t side = 2 * search.reach + 1;
  std::vector<std::unique_ptr<Bench>> benches(pool.threads());
  pool.run(candidates.count, [&](std::size_t j, std::size_t worker) {
    if (!benches[worker]) {
      benches[worker] = std::make_unique<Bench>(grid, search, copies.each, steps_for(target));
    }
    const std::size_t at = j * side * side;
    const Best best =
        relation.best_of(j, *benches[worker], out.cosine == nullptr ? nullptr : out.cosine + at,
                         out.cosine == nullptr ? nullptr : out.overlap + at);
    out.score[j] = best.score;
    out.copy[j] = best.copy;
    out.shift[2 * j] = best.dy;
    out.shift[2 * j + 1] = best.dx;
  });
}

}  // namespace edgegeo

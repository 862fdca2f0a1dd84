#include "topk.h"

#include <algorithm>
#include <limits>

#include "dot.h"
#include "score.h"

namespace edgegeo {
namespace {

constexpr std::size_t row_block = 64;  // 64 rows of 256 bytes stay in the first-level cache
constexpr float lowest = -std::numeric_limits<float>::infinity();

template <class Row>
ScoreBlock<Row> score_for(Target target) noexcept {
  switch (target) {
#if defined(EDGEGEO_HAS_AVX2)
    case Target::avx2:
      return score_avx2<Row>;
#endif
#if defined(EDGEGEO_HAS_NEON)
    case Target::neon:
    case Target::dotprod:
      return score_neon<Row>;
#endif
    default:
      return score_scalar<Row>;
  }
}

DotBlock dot_for(Target target) noexcept {
  switch (target) {
#if defined(EDGEGEO_HAS_AVX2)
    case Target::avx2:
      return dot_avx2;
#endif
#if defined(EDGEGEO_HAS_NEON)
    case Target::neon:
      return dot_neon;
    case Target::dotprod:
      return dot_dotprod;
#endif
    default:
      return dot_scalar;
  }
}

// The best k of one group of queries, where they are written.
struct Best {
  std::int32_t *ids, *queries;  // `queries` may be null
  float* scores;
  std::size_t k;

  // Rows arrive in id order, so a strict > keeps the lower id on a tie.
  void insert(std::int32_t id, std::int32_t query, float score, std::size_t held) noexcept {
    std::size_t at = held == k ? k - 1 : held;
    for (; at != 0 && score > scores[at - 1]; --at) {
      ids[at] = ids[at - 1];
      scores[at] = scores[at - 1];
      if (queries != nullptr) queries[at] = queries[at - 1];
    }
    ids[at] = id;
    scores[at] = score;
    if (queries != nullptr) queries[at] = query;
  }
};

// A block of rows as one group of queries sees it: each row's best score and the query that has it.
struct Block {
  float scores[row_block];
  std::int32_t queries[row_block];

  void begin(std::int32_t query) noexcept {
    std::fill_n(scores, row_block, lowest);
    std::fill_n(queries, row_block, query);
  }

  // A NaN is never taken; on a tie the lower query stays. Without a branch, so that
  // compilers make vector code of it: with one the whole search takes half as long again.
  void add(std::int32_t query, float* found, const float* scales, std::size_t count) noexcept {
    if (scales != nullptr) {
      for (std::size_t i = 0; i != count; ++i) found[i] *= scales[i];
    }
    for (std::size_t i = 0; i != count; ++i) {
      const std::int32_t better = -static_cast<std::int32_t>(found[i] > scores[i]);
      queries[i] ^= (queries[i] ^ query) & better;
    }
    for (std::size_t i = 0; i != count; ++i) {
      scores[i] = found[i] > scores[i] ? found[i] : scores[i];
    }
  }

  // After the first thousands of rows most blocks hold nothing for the best; `held` are filled.
  void merge(std::size_t first, std::size_t count, Best best, std::size_t held) const noexcept {
    for (std::size_t i = 0; i != count; ++i) {
      if (held == best.k && !(scores[i] > best.scores[best.k - 1])) continue;
      best.insert(static_cast<std::int32_t>(first + i), queries[i], scores[i], held);
      if (held != best.k) ++held;
    }
  }
};

// One pass over the ranges. score_block(q, together, rows, count, found) writes the scores,
// before the rows' scales, of `together` <= at_once queries from q on and `count` rows.
template <class Row, class Score>
void search(std::size_t at_once, const Score& score_block, std::size_t queries,
            View<const Row> gallery, const float* scales, View<const std::int64_t> ranges,
            const Groups& groups, View<std::int32_t> ids, View<float> best) noexcept {
  const std::size_t k = ids.cols;
  std::fill_n(ids.data, ids.rows * k, -1);
  std::fill_n(best.data, best.rows * k, lowest);
  if (groups.found != nullptr) std::fill_n(groups.found, ids.rows * k, -1);

  float found[std::max(query_block, dot_queries) * row_block];
  const Row* rows[row_block];
  Block block;
  std::size_t held = 0;
  for (std::size_t range = 0; range != ranges.rows; ++range) {
    const auto stop = static_cast<std::size_t>(ranges.row(range)[1]);
    for (auto row = static_cast<std::size_t>(ranges.row(range)[0]); row < stop;) {
      const std::size_t count = std::min(row_block, stop - row);
      for (std::size_t i = 0; i != count; ++i) rows[i] = gallery.row(row + i);
      std::size_t group = 0, begin = 0;  // of the group that the query at hand belongs to
      for (std::size_t q = 0; q < queries; q += at_once) {
        const std::size_t together = std::min(at_once, queries - q);
        score_block(q, together, rows, count, found);
        for (std::size_t i = 0; i != together; ++i) {
          const auto query = static_cast<std::int32_t>(q + i);
          if (q + i == begin) block.begin(query);
          block.add(query, found + i * count, scales == nullptr ? nullptr : scales + row, count);
          const std::size_t end =
              groups.ends == nullptr ? q + i + 1 : static_cast<std::size_t>(groups.ends[group]);
          if (q + i + 1 != end) continue;
          std::int32_t* which = groups.found == nullptr ? nullptr : groups.found + group * k;
          block.merge(row, count, {ids.row(group), which, best.row(group), k}, held);
          begin = end;
          ++group;
        }
      }
      held = std::min(k, held + count);
      row += count;
    }
  }
}

}  // namespace

template <class Row>
void top_k(View<const float> queries, View<const Row> gallery, const float* scales,
           View<const std::int64_t> ranges, const Groups& groups, View<std::int32_t> ids,
           View<float> scores, Target target) noexcept {
  const auto score = score_for<Row>(target);
  const auto score_block = [&](std::size_t q, std::size_t together, const Row* const* rows,
                               std::size_t count, float* block) noexcept {
    score(queries.row(q), together, rows, count, gallery.cols, block);
  };
  search(query_block, score_block, queries.rows, gallery, scales, ranges, groups, ids, scores);
}

void top_k(View<const std::int8_t> queries, const float* query_scales,
           View<const std::int8_t> gallery, const float* scales, View<const std::int64_t> ranges,
           const Groups& groups, View<std::int32_t> ids, View<float> scores,
           Target target) noexcept {
  const auto dot = dot_for(target);
  const auto score_block = [&](std::size_t q, std::size_t together, const std::int8_t* const* rows,
                               std::size_t count, float* block) noexcept {
    std::int32_t dots[dot_queries * row_block];
    dot(queries.row(q), together, rows, count, gallery.cols, dots);
    for (std::size_t i = 0; i != together; ++i) {
      for (std::size_t j = i * count; j != (i + 1) * count; ++j) {
        block[j] = query_scales[q + i] * static_cast<float>(dots[j]);
      }
    }
  };
  search(dot_queries, score_block, queries.rows, gallery, scales, ranges, groups, ids, scores);
}

template void top_k(View<const float>, View<const float>, const float*, View<const std::int64_t>,
                    const Groups&, View<std::int32_t>, View<float>, Target) noexcept;
template void top_k(View<const float>, View<const Half>, const float*, View<const std::int64_t>,
                    const Groups&, View<std::int32_t>, View<float>, Target) noexcept;
template void top_k(View<const float>, View<const std::int8_t>, const float*,
                    View<const std::int64_t>, const Groups&, View<std::int32_t>, View<float>,
                    Target) noexcept;

}  // namespace edgegeo

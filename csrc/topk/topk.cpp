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

// Rows arrive in id order, so a strict > keeps the lower id on a tie.
void insert(std::int32_t id, float score, std::int32_t* ids, float* scores, std::size_t held) {
  std::size_t at = held;
  for (; at != 0 && score > scores[at - 1]; --at) {
    ids[at] = ids[at - 1];
    scores[at] = scores[at - 1];
  }
  ids[at] = id;
  scores[at] = score;
}

// Merge the scores of rows first, first + 1, ... into one query's best; `held` of k are filled.
void merge(const float* block, const float* scales, std::size_t first, std::size_t count,
           std::int32_t* ids, float* best, std::size_t held, std::size_t k) noexcept {
  for (std::size_t i = 0; i != count; ++i) {
    float score = scales == nullptr ? block[i] : scales[first + i] * block[i];
    if (held == k && !(score > best[k - 1])) continue;
    if (score != score) score = lowest;
    insert(static_cast<std::int32_t>(first + i), score, ids, best, held == k ? k - 1 : held);
    if (held != k) ++held;
  }
}

// One pass over the ranges. score_block(q, together, row, count, block) writes the scores,
// before the rows' scales, of `together` <= at_once queries from q on and `count` rows.
template <class Score>
void search(std::size_t at_once, const Score& score_block, const float* scales,
            View<const std::int64_t> ranges, View<std::int32_t> ids, View<float> best) noexcept {
  const std::size_t k = ids.cols;
  std::fill_n(ids.data, ids.rows * k, -1);
  std::fill_n(best.data, best.rows * k, lowest);

  float block[std::max(query_block, dot_queries) * row_block];
  std::size_t held = 0;
  for (std::size_t range = 0; range != ranges.rows; ++range) {
    const auto stop = static_cast<std::size_t>(ranges.row(range)[1]);
    for (auto row = static_cast<std::size_t>(ranges.row(range)[0]); row < stop;) {
      const std::size_t count = std::min(row_block, stop - row);
      for (std::size_t q = 0; q < ids.rows; q += at_once) {
        const std::size_t together = std::min(at_once, ids.rows - q);
        score_block(q, together, row, count, block);
        for (std::size_t i = 0; i != together; ++i) {
          merge(block + i * count, scales, row, count, ids.row(q + i), best.row(q + i), held, k);
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
           View<const std::int64_t> ranges, View<std::int32_t> ids, View<float> scores,
           Target target) noexcept {
  const auto score = score_for<Row>(target);
  const auto score_block = [&](std::size_t q, std::size_t together, std::size_t row,
                               std::size_t count, float* block) noexcept {
    score(queries.row(q), together, gallery.row(row), count, gallery.cols, block);
  };
  search(query_block, score_block, scales, ranges, ids, scores);
}

void top_k(View<const std::int8_t> queries, const float* query_scales,
           View<const std::int8_t> gallery, const float* scales, View<const std::int64_t> ranges,
           View<std::int32_t> ids, View<float> scores, Target target) noexcept {
  const auto dot = dot_for(target);
  const auto score_block = [&](std::size_t q, std::size_t together, std::size_t row,
                               std::size_t count, float* block) noexcept {
    std::int32_t dots[dot_queries * row_block];
    dot(queries.row(q), together, gallery.row(row), count, gallery.cols, dots);
    for (std::size_t i = 0; i != together; ++i) {
      for (std::size_t j = i * count; j != (i + 1) * count; ++j) {
        block[j] = query_scales[q + i] * static_cast<float>(dots[j]);
      }
    }
  };
  search(dot_queries, score_block, scales, ranges, ids, scores);
}

template void top_k(View<const float>, View<const float>, const float*, View<const std::int64_t>,
                    View<std::int32_t>, View<float>, Target) noexcept;
template void top_k(View<const float>, View<const Half>, const float*, View<const std::int64_t>,
                    View<std::int32_t>, View<float>, Target) noexcept;
template void top_k(View<const float>, View<const std::int8_t>, const float*,
                    View<const std::int64_t>, View<std::int32_t>, View<float>, Target) noexcept;

}  // namespace edgegeo

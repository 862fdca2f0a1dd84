#include "topk.h"

#include <algorithm>
#include <limits>

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
      return score_neon<Row>;
#endif
    default:
      return score_scalar<Row>;
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

}  // namespace

template <class Row>
void top_k(View<const float> queries, View<const Row> gallery, const float* scales,
           View<const std::int64_t> ranges, View<std::int32_t> ids, View<float> scores,
           Target target) noexcept {
  const auto score = score_for<Row>(target);
  const std::size_t k = ids.cols;
  std::fill_n(ids.data, ids.rows * k, -1);
  std::fill_n(scores.data, scores.rows * k, lowest);

  float block[query_block * row_block];
  std::size_t held = 0;
  for (std::size_t range = 0; range != ranges.rows; ++range) {
    const auto stop = static_cast<std::size_t>(ranges.row(range)[1]);
    for (auto row = static_cast<std::size_t>(ranges.row(range)[0]); row < stop;) {
      const std::size_t count = std::min(row_block, stop - row);
      for (std::size_t q = 0; q < queries.rows; q += query_block) {
        const std::size_t together = std::min(query_block, queries.rows - q);
        score(queries.row(q), together, gallery.row(row), count, gallery.cols, block);
        for (std::size_t i = 0; i != together; ++i) {
          merge(block + i * count, scales, row, count, ids.row(q + i), scores.row(q + i), held, k);
        }
      }
      held = std::min(k, held + count);
      row += count;
    }
  }
}

template void top_k(View<const float>, View<const float>, const float*, View<const std::int64_t>,
                    View<std::int32_t>, View<float>, Target) noexcept;
template void top_k(View<const float>, View<const Half>, const float*, View<const std::int64_t>,
                    View<std::int32_t>, View<float>, Target) noexcept;
template void top_k(View<const float>, View<const std::int8_t>, const float*,
                    View<const std::int64_t>, View<std::int32_t>, View<float>, Target) noexcept;

}  // namespace edgegeo

#include "topk.h"

#include <algorithm>
#include <vector>

#include "best.h"
#include "blocks.h"
#include "dot.h"
#include "score.h"

namespace edgegeo {
namespace {

// The best of each group as one worker has them: the first keeps them where they are given out.
class Answers {
 public:
  Answers(View<std::int32_t> ids, View<float> scores, std::int32_t* queries, std::size_t workers)
      : first_{ids, scores, queries},
        ids_((workers - 1) * ids.rows * ids.cols),
        scores_(ids_.size()),
        queries_(queries == nullptr ? 0 : ids_.size()) {
    for (std::size_t worker = 0; worker != workers; ++worker) {
      for (std::size_t group = 0; group != ids.rows; ++group) of(worker, group).clear();
    }
  }

  Best of(std::size_t worker, std::size_t group) noexcept {
    const std::size_t k = first_.ids.cols;
    std::size_t at = group * k;
    if (worker == 0) {
      std::int32_t* queries = first_.queries == nullptr ? nullptr : first_.queries + at;
      return {first_.ids.data + at, first_.scores.data + at, queries, k};
    }
    at += (worker - 1) * first_.ids.rows * k;
    return {&ids_[at], &scores_[at], queries_.empty() ? nullptr : &queries_[at], k};
  }

 private:
  struct {
    View<std::int32_t> ids;
    View<float> scores;
    std::int32_t* queries;
  } first_;
  std::vector<std::int32_t> ids_;
  std::vector<float> scores_;
  std::vector<std::int32_t> queries_;
};

// The loops over a block have no branch inside, so that compilers make vector code of them.

// The scores of a query with their rows' scales; a NaN becomes the lowest.
void scale(float* scores, const float* scales, std::size_t count) noexcept {
  for (std::size_t i = 0; i != count; ++i) {
    const float score = scores[i] * scales[i];
    scores[i] = score > Best::lowest ? score : Best::lowest;
  }
}

// After the first thousands of rows few of a block's strips hold anything for the best.
template <class Query>
void offer(Best best, const std::int32_t* ids, const float* scores, std::size_t count,
           const Query& query) noexcept {
  constexpr std::size_t strip = 8;
  for (std::size_t i = 0; i < count; i += strip) {
    const float least = best.least();
    int any = 0;
    if (i + strip <= count) {
      for (std::size_t j = i; j != i + strip; ++j) any |= scores[j] >= least;
      if (any == 0) continue;
    }
    for (std::size_t j = i; j != std::min(i + strip, count); ++j) {
      best.offer(ids[j], scores[j], query(j));
    }
  }
}

// A block of rows as one group of queries sees it: each row's best score and the query that has it.
struct Block {
  float scores[Walk::widest];
  std::int32_t queries[Walk::widest];

  void begin(std::int32_t query, const float* found, std::size_t count) noexcept {
    std::copy_n(found, count, scores);
    std::fill_n(queries, count, query);
  }

  // On a tie the lower query stays.
  void add(std::int32_t query, const float* found, std::size_t count) noexcept {
    for (std::size_t i = 0; i != count; ++i) {
      const std::int32_t better = -static_cast<std::int32_t>(found[i] > scores[i]);
      queries[i] ^= (queries[i] ^ query) & better;
    }
    for (std::size_t i = 0; i != count; ++i) scores[i] = std::max(scores[i], found[i]);
  }
};

// score_block(q, together, rows, count, found) writes the scores, before the rows' scales, of
// `together` <= at_once queries from q on and `count` rows.
template <class Row, class Score>
void search(std::size_t at_once, const Score& score_block, std::size_t queries,
            View<const Row> gallery, const float* scales, const Rows& rows, const Groups& groups,
            View<std::int32_t> ids, View<float> best, Pool* pool) {
  const std::size_t workers = pool == nullptr ? 1 : pool->threads();
  Answers answers(ids, best, groups.found, workers);

  const auto see = [&](const std::int32_t* block_ids, const Row* const* block_rows,
                       std::size_t count, std::size_t worker) noexcept {
    float row_scales[Walk::widest], found[std::max(query_block, dot_queries) * Walk::widest];
    gather(scales, 1, block_ids, count, row_scales);
    Block block;
    std::size_t group = 0, begin = 0;  // of the group that the query at hand belongs to
    for (std::size_t q = 0; q < queries; q += at_once) {
      const std::size_t together = std::min(at_once, queries - q);
      score_block(q, together, block_rows, count, found);
      for (std::size_t i = 0; i != together; ++i) {
        float* scores = found + i * count;
        scale(scores, row_scales, count);
        const auto query = static_cast<std::int32_t>(q + i);
        const std::size_t end =
            groups.ends == nullptr ? q + i + 1 : static_cast<std::size_t>(groups.ends[group]);
        if (end == begin + 1) {
          offer(answers.of(worker, group), block_ids, scores, count,
                [=](std::size_t) { return query; });
        } else {
          if (q + i == begin) block.begin(query, scores, count);
          if (q + i != begin) block.add(query, scores, count);
          if (q + i + 1 != end) continue;
          offer(answers.of(worker, group), block_ids, block.scores, count,
                [&](std::size_t at) { return block.queries[at]; });
        }
        begin = end;
        ++group;
      }
    }
  };
  each_block(Places(rows), gallery, pool, see);

  for (std::size_t group = 0; group != ids.rows; ++group) {
    Best merged = answers.of(0, group);
    for (std::size_t worker = 1; worker != workers; ++worker) {
      merged.offer(answers.of(worker, group));
    }
    merged.sort();
  }
}

}  // namespace

template <class Row>
void top_k(View<const float> queries, View<const Row> gallery, const float* scales,
           const Rows& rows, const Groups& groups, View<std::int32_t> ids, View<float> scores,
           Pool* pool, Target target) {
  const auto score = score_for<Row>(target);
  const auto score_block = [&](std::size_t q, std::size_t together, const Row* const* block_rows,
                               std::size_t count, float* found) noexcept {
    score(queries.row(q), together, block_rows, count, gallery.cols, found);
  };
  search(query_block, score_block, queries.rows, gallery, scales, rows, groups, ids, scores, pool);
}

void top_k(View<const std::int8_t> queries, const float* query_scales,
           View<const std::int8_t> gallery, const float* scales, const Rows& rows,
           const Groups& groups, View<std::int32_t> ids, View<float> scores, Pool* pool,
           Target target) {
  const auto dot = dot_for(target);
  const auto score_block = [&](std::size_t q, std::size_t together,
                               const std::int8_t* const* block_rows, std::size_t count,
                               float* found) noexcept {
    std::int32_t dots[dot_queries * Walk::widest];
    dot(queries.row(q), together, block_rows, count, gallery.cols, dots);
    for (std::size_t i = 0; i != together; ++i) {
      for (std::size_t j = i * count; j != (i + 1) * count; ++j) {
        found[j] = query_scales[q + i] * static_cast<float>(dots[j]);
      }
    }
  };
  search(dot_queries, score_block, queries.rows, gallery, scales, rows, groups, ids, scores, pool);
}

template void top_k(View<const float>, View<const float>, const float*, const Rows&, const Groups&,
                    View<std::int32_t>, View<float>, Pool*, Target);
template void top_k(View<const float>, View<const Half>, const float*, const Rows&, const Groups&,
                    View<std::int32_t>, View<float>, Pool*, Target);
template void top_k(View<const float>, View<const std::int8_t>, const float*, const Rows&,
                    const Groups&, View<std::int32_t>, View<float>, Pool*, Target);

}  // namespace edgegeo

#include "certified.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <vector>

#include "best.h"
#include "blocks.h"
#include "dot.h"
#include "quantise.h"

namespace edgegeo {
namespace {

// A row that may be among the best: its score is at most `upper`.
struct Candidate {
  float upper;
  std::int32_t id;
};

using Candidates = std::vector<Candidate>;

// Leaves out, from `first` on, those that do not reach a score.
void thin(Candidates& candidates, std::size_t first, float score) {
  const auto begin = candidates.begin() + static_cast<std::ptrdiff_t>(first);
  const auto lost = [=](const Candidate& each) { return each.upper < score; };
  candidates.erase(std::remove_if(begin, candidates.end(), lost), candidates.end());
}

std::vector<std::int32_t> ids_of(const Candidates& candidates) {
  std::vector<std::int32_t> ids;
  for (const Candidate& each : candidates) ids.push_back(each.id);
  return ids;
}

// int8 queries with what the proof needs of them.
struct Quantised {
  explicit Quantised(View<const float> queries)
      : values(queries.rows * queries.cols), of(queries.rows) {
    for (std::size_t q = 0; q != queries.rows; ++q) prepare(queries.row(q), queries.cols, q);
  }

  struct Query {
    float scale, a, b, c;  // t, A, B, C of the header
    bool provable;
  };
  std::vector<std::int8_t> values;
  std::vector<Query> of;

 private:
  void prepare(const float* query, std::size_t d, std::size_t q) noexcept {
    std::int8_t* of_query = values.data() + q * d;
    const float scale = quantise(query, d, of_query);
    double square = 0, rest_square = 0;
    for (std::size_t i = 0; i != d; ++i) {
      const double rest = query[i] - double{scale} * of_query[i];
      square += double{query[i]} * query[i];
      rest_square += rest * rest;
    }
    const double norm = std::sqrt(square) * (1 + 0x1p-20);
    const bool provable = norm >= 0x1p-60 && norm <= 0x1p62;  // not so for a NaN
    const double rest = std::sqrt(rest_square) * (1 + 0x1p-20) + norm * 0x1p-40;
    const double sum = norm + rest, wide = 1 + 0x1p-19, columns = static_cast<double>(d);
    of[q] = {scale, static_cast<float>(sum * wide),
             static_cast<float>((rest + 1.01 * columns * 0x1p-24 * norm + 0x1p-20 * sum) * wide),
             static_cast<float>(columns * 0x1p-146), provable};
  }
};

// The k-th largest lower bound of one query, and the rows that may reach it, as one worker has
// them.
class Survivors {
 public:
  explicit Survivors(std::size_t k)
      : ids_(k), lower_(k), best_(ids_.data(), lower_.data(), nullptr, k) {
    best_.clear();
  }
  Survivors(Survivors&&) = default;  // what `best_` points to moves along
  Survivors& operator=(Survivors&&) = default;

  float least() const noexcept { return best_.least(); }

  // No row below `floor` counts; an upper bound that is NaN is none.
  void see(const std::int32_t* ids, const float* lower, const float* upper, std::size_t count,
           float floor) {
    int any = 0;
    for (std::size_t i = 0; i != count; ++i) any |= !(upper[i] < floor);
    if (any == 0) return;
    for (std::size_t i = 0; i != count; ++i) {
      if (upper[i] < std::max(floor, best_.least())) continue;
      candidates_.push_back({upper[i] < HUGE_VALF ? upper[i] : HUGE_VALF, ids[i]});
      best_.offer(ids[i], lower[i], 0);
    }
    if (candidates_.size() < full_) return;
    thin(candidates_, 0, std::max(floor, best_.least()));
    full_ = std::max(full_, 2 * candidates_.size());
  }

  void take(const Survivors& other) {
    best_.offer(other.best_);
    candidates_.insert(candidates_.end(), other.candidates_.begin(), other.candidates_.end());
  }

  Candidates& candidates() noexcept { return candidates_; }

 private:
  std::vector<std::int32_t> ids_;
  std::vector<float> lower_;
  Best best_;
  Candidates candidates_;
  std::size_t full_ = 4096;
};

// One pass over the coarse rows: of each query the rows that may be among its best k.
std::vector<Survivors> survivors(const Quantised& queries, const Coarse& coarse, const Rows& rows,
                                 std::size_t k, Pool* pool, Target target) {
  const std::size_t count = queries.of.size(), d = coarse.rows.cols;
  const std::size_t workers = pool == nullptr ? 1 : pool->threads();
  std::vector<Survivors> found;
  for (std::size_t i = 0; i != workers * count; ++i) found.emplace_back(k);
  std::vector<std::atomic<float>> floors(count);
  for (auto& floor : floors) floor.store(Best::lowest, std::memory_order_relaxed);
  const auto dot = dot_for(target);

  const auto see = [&](const std::int32_t* ids, const std::int8_t* const* block, std::size_t n,
                       std::size_t worker) {
    float scales[Walk::widest], errors[Walk::widest], norms[Walk::widest];
    gather(coarse.scales, 1, ids, n, scales);
    gather(coarse.bounds, 2, ids, n, errors);
    gather(coarse.bounds + 1, 2, ids, n, norms);
    std::int32_t dots[dot_queries * Walk::widest];
    dot(queries.values.data(), count, block, n, d, dots);
    for (std::size_t q = 0; q != count; ++q) {
      const Quantised::Query& query = queries.of[q];
      if (!query.provable) continue;
      float lower[Walk::widest], upper[Walk::widest];
      for (std::size_t i = 0; i != n; ++i) {
        const float score = scales[i] * (query.scale * static_cast<float>(dots[q * n + i]));
        const float off = query.a * errors[i] + query.b * norms[i] + query.c;
        lower[i] = score - off;
        upper[i] = score + off;
      }
      Survivors& own = found[worker * count + q];
      float floor = floors[q].load(std::memory_order_relaxed);
      own.see(ids, lower, upper, n, floor);
      while (floor < own.least() &&
             !floors[q].compare_exchange_weak(floor, own.least(), std::memory_order_relaxed)) {
      }
    }
  };
  each_block(Places(rows), coarse.rows, pool, see);

  for (std::size_t q = 0; q != count; ++q) {
    for (std::size_t worker = 1; worker != workers; ++worker) {
      found[q].take(found[worker * count + q]);
    }
    thin(found[q].candidates(), 0, found[q].least());
  }
  found.erase(found.begin() + static_cast<std::ptrdiff_t>(count), found.end());
  return found;
}

}  // namespace

template <class Row>
void certified_top_k(View<const float> queries, View<const Row> gallery, const Coarse& coarse,
                     const Rows& rows, View<std::int32_t> ids, View<float> scores,
                     std::int64_t* rescored, Pool* pool, Target target) {
  const std::size_t k = ids.cols;
  for (std::size_t from = 0; from < queries.rows; from += dot_queries) {
    const std::size_t together = std::min(dot_queries, queries.rows - from);
    const Quantised quantised({queries.row(from), together, queries.cols});
    auto found = survivors(quantised, coarse, rows, k, pool, target);

    for (std::size_t i = 0; i != together; ++i) {
      const std::size_t q = from + i;
      const auto score = [&](const Rows& some) {
        top_k({queries.row(q), 1, queries.cols}, gallery, nullptr, some, {}, {ids.row(q), 1, k},
              {scores.row(q), 1, k}, pool, target);
      };
      if (!quantised.of[i].provable) {
        score(rows);
        rescored[q] = static_cast<std::int64_t>(Places(rows).size());
        continue;
      }
      Candidates& candidates = found[i].candidates();
      // The true scores of the likeliest, k and as many again, rule out most of the others.
      if (candidates.size() > 4 * k) {
        std::nth_element(candidates.begin(),
                         candidates.begin() + static_cast<std::ptrdiff_t>(2 * k), candidates.end(),
                         [](const Candidate& a, const Candidate& b) { return a.upper > b.upper; });
        const std::vector<std::int32_t> all = ids_of(candidates);
        score({{}, nullptr, all.data(), 2 * k});
        thin(candidates, 2 * k, scores.row(q)[k - 1]);
      }
      const std::vector<std::int32_t> left = ids_of(candidates);
      score({{}, nullptr, left.data(), left.size()});
      rescored[q] = static_cast<std::int64_t>(left.size());
    }
  }
}

template void certified_top_k(View<const float>, View<const float>, const Coarse&, const Rows&,
                              View<std::int32_t>, View<float>, std::int64_t*, Pool*, Target);
template void certified_top_k(View<const float>, View<const Half>, const Coarse&, const Rows&,
                              View<std::int32_t>, View<float>, std::int64_t*, Pool*, Target);

}  // namespace edgegeo

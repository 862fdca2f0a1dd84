// The best k rows seen so far, kept in the arrays that are given out at the end.
//
// Order   higher score first, then the lower id: total, so it does not matter in which order rows
//         come. Padding (id -1, score -inf) comes after every row, one of score -inf too.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

namespace edgegeo {

// A heap with the worst of the k on top; `sort` makes it the list that is promised.
class Best {
 public:
  static constexpr float lowest = -std::numeric_limits<float>::infinity();

  // `queries`, whose query it was, may be null.
  Best(std::int32_t* ids, float* scores, std::int32_t* queries, std::size_t k) noexcept
      : ids_(ids), scores_(scores), queries_(queries), k_(k) {}

  void clear() noexcept {
    std::fill_n(ids_, k_, -1);
    std::fill_n(scores_, k_, lowest);
    if (queries_ != nullptr) std::fill_n(queries_, k_, -1);
  }

  float least() const noexcept { return scores_[0]; }  // a lower score need not be offered

  void offer(std::int32_t id, float score, std::int32_t query) noexcept {
    if (score < scores_[0] || !before(score, id, scores_[0], ids_[0])) return;
    ids_[0] = id;
    scores_[0] = score;
    if (queries_ != nullptr) queries_[0] = query;
    sink(k_);
  }

  void offer(const Best& others) noexcept {
    for (std::size_t i = 0; i != others.k_; ++i) {
      const std::int32_t query = others.queries_ == nullptr ? -1 : others.queries_[i];
      if (others.ids_[i] >= 0) offer(others.ids_[i], others.scores_[i], query);
    }
  }

  void sort() noexcept {
    for (std::size_t last = k_; last-- > 1;) {
      swap(0, last);
      sink(last);
    }
  }

 private:
  static bool before(float score, std::int32_t id, float other, std::int32_t other_id) noexcept {
    if (score != other) return score > other;
    return static_cast<std::uint32_t>(id) < static_cast<std::uint32_t>(other_id);  // -1 is last
  }

  void swap(std::size_t a, std::size_t b) noexcept {
    std::swap(ids_[a], ids_[b]);
    std::swap(scores_[a], scores_[b]);
    if (queries_ != nullptr) std::swap(queries_[a], queries_[b]);
  }

  // The top one goes down to its place among the first `count`.
  void sink(std::size_t count) noexcept {
    for (std::size_t at = 0;;) {
      std::size_t worst = at;
      for (std::size_t below = 2 * at + 1; below < std::min(2 * at + 3, count); ++below) {
        if (before(scores_[worst], ids_[worst], scores_[below], ids_[below])) worst = below;
      }
      if (worst == at) return;
      swap(at, worst);
      at = worst;
    }
  }

  std::int32_t* ids_;
  float* scores_;
  std::int32_t* queries_;
  std::size_t k_;
};

}  // namespace edgegeo

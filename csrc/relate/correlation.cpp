#include "correlation.h"

#include <algorithm>
#include <cmath>

namespace edgegeo {
namespace {

constexpr double least = 1e-3;  // of both denominators
constexpr float least_overlap = 1e-4f;

}  // namespace

Correlation::Correlation(Grid grid, std::size_t reach, float power, const Steps& steps)
    : reach_(static_cast<std::int32_t>(reach)),
      power_(power),
      most_(std::pow(1 + least_overlap, power) * (1 + 1e-6f)),
      steps_(steps),
      row_values_((grid.side + 2 * reach) * grid.width),
      row_lengths_(grid.side + 2 * reach + weight_block),
      candidate_(grid, 1),
      packed_(grid.side * row_values_ * steps.packed_bytes),
      lengths_(grid.side * row_lengths_),
      dots_(2 * reach + 1),
      sums_(2 * reach + 1 + weight_block) {
  const std::vector<std::int8_t> outside(row_values_);  // 0 may be packed as something else
  for (std::size_t y = 0; y != grid.side; ++y) {
    steps.pack(outside.data(), row_values_, packed_.data() + y * row_values_ * steps.packed_bytes);
  }
}

void Correlation::lay(const std::int8_t* values) noexcept {
  const Grid grid = candidate_.shape;
  const std::size_t n = grid.side * grid.width, reach = static_cast<std::size_t>(reach_);
  candidate_.weigh(0, values);
  for (std::size_t y = 0; y != grid.side; ++y) {
    const std::size_t at = y * row_values_ + reach * grid.width;
    steps_.pack(values + y * n, n, packed_.data() + at * steps_.packed_bytes);
    std::copy_n(candidate_.of(0) + y * grid.side, grid.side,
                lengths_.data() + y * row_lengths_ + reach);
  }
}

void Correlation::around(const Over& over, std::int32_t dy, std::int32_t dx, std::int32_t window,
                         Best& best) noexcept {
  const std::int32_t west = std::max(-reach_, dx - window), east = std::min(reach_, dx + window);
  for (std::int32_t y = std::max(-reach_, dy - window); y <= std::min(reach_, dy + window); ++y) {
    along(over, {y, west, east}, best, nullptr, nullptr);
  }
}

void Correlation::everywhere(const Over& over, Best& best, float* cosine, float* overlap) noexcept {
  for (std::int32_t dy = -reach_; dy <= reach_; ++dy) {
    along(over, {dy, -reach_, reach_}, best, cosine, overlap);
    if (cosine == nullptr) continue;
    cosine += 2 * reach_ + 1;
    overlap += 2 * reach_ + 1;
  }
}

void Correlation::along(const Over& over, Stretch stretch, Best& best, float* cosine,
                        float* overlap) noexcept {
  const Grid grid = candidate_.shape;
  const auto north = static_cast<std::size_t>(std::max(0, -stretch.dy)),
             under_north = static_cast<std::size_t>(std::max(0, stretch.dy)),
             column = static_cast<std::size_t>(stretch.west + reach_),
             shifts = static_cast<std::size_t>(stretch.east - stretch.west + 1);
  const std::size_t rows = grid.side - std::max(north, under_north), row = grid.side * grid.width;
  const std::size_t at = under_north * row_values_ + column * grid.width;
  steps_.dots(over.values + north * row, packed_.data() + at * steps_.packed_bytes,
              {rows, row, row, row_values_, grid.width, shifts}, dots_.data());
  steps_.weights(over.weighed->of(over.at) + north * grid.side,
                 lengths_.data() + under_north * row_lengths_ + column,
                 {rows, grid.side, grid.side, row_lengths_, 1, shifts}, sums_.data());

  const double whole = std::sqrt(over.weighed->squares[over.at] * candidate_.squares[0]);
  for (std::size_t s = 0; s != shifts; ++s) {
    const double weight = static_cast<double>(sums_[s]) * over.scale;
    const auto mean = static_cast<float>(dots_[s] * over.scale / (weight + least));
    const bool may_be_best = std::max(mean, 0.0f) * most_ > best.score;  // whatever the overlap
    if (!may_be_best && cosine == nullptr) continue;
    const auto share = static_cast<float>(std::min(1.0, weight / (whole * over.scale + least)));
    if (cosine != nullptr) {
      cosine[s] = mean;
      overlap[s] = share;
    }
    if (!may_be_best) continue;
    const float score = mean * std::pow(share + least_overlap, power_);
    if (score > best.score) {
      best = {score, over.copy, stretch.dy, stretch.west + static_cast<std::int32_t>(s)};
    }
  }
}

}  // namespace edgegeo

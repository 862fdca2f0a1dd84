#include "plane.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace edgegeo {
namespace {

// Averages one row of cells after the other.
class CellRows {
 public:
  CellRows(Frame frame, Region region, std::size_t cell, const Stages& stages)
      : frame_(frame),
        region_(region),
        cell_(cell),
        stages_(stages),
        left_(region.left * cell),
        pixels_(std::min(frame.width, region.right * cell) - left_),
        sums_(cell == 1 ? 0 : 3 * pixels_ + spare) {}

  void average(std::size_t row, std::uint16_t* to) {
    const std::size_t top = row * cell_, rows = std::min(frame_.height - top, cell_);
    const std::size_t whole = pixels_ / cell_, rest = pixels_ % cell_;
    const std::size_t stride = 3 * frame_.width, cut = 3 * whole * cell_;
    const std::uint8_t* from = frame_.data + top * stride + 3 * left_;
    if (cell_ == 1) return stages_.widen(from, 3 * pixels_, to);
    if (cell_ == 2 && rows == 2) {
      stages_.average_pairs(from, from + stride, whole, to);
    } else {
      stages_.sum_rows(from, stride, rows, cut, sums_.data());
      stages_.average_row(sums_.data(), whole, cell_, mean_of(rows * cell_), to);
    }
    if (rest != 0) {
      stages_.sum_rows(from + cut, stride, rows, 3 * rest, sums_.data());
      stages_.average_row(sums_.data(), 1, rest, mean_of(rows * rest), to + 3 * whole);
    }
  }

 private:
  Frame frame_;
  Region region_;
  std::size_t cell_;
  const Stages& stages_;
  std::size_t left_, pixels_;
  std::vector<std::uint16_t> sums_;
};

// A copy of the first cell before the row and of the last one behind it.
void pad(std::uint16_t* row, std::size_t values) noexcept {
  std::copy_n(row, 3, row - 3);
  std::copy_n(row + values - 3, 3, row + values);
}

}  // namespace

Mean mean_of(std::size_t pixels) noexcept {
  const auto largest = static_cast<std::uint32_t>(255 * pixels);
  int shift = 0;
  while (shift > -16 && largest >> -shift > 0xffff) --shift;
  while (shift >= 0 && largest << (shift + 1) <= 0xffff) ++shift;
  const double scaled = std::ldexp(static_cast<double>(pixels), shift);
  return {shift, static_cast<std::uint16_t>(std::lround(65536 * plane_one / scaled))};
}

AveragedFrame::AveragedFrame(Frame frame, Region region, Grain grain, const Stages& stages,
                             Pool* pool)
    : region_(region),
      stride_(3 * (region.cols() + 1)),
      values_(new std::uint16_t[(region.rows() + 1) * stride_ + spare]) {
  if (region.empty()) return;
  in_bands(pool, region.rows(),
           [&](std::size_t first, std::size_t stop) { fill(frame, grain, stages, first, stop); });
  const std::uint16_t* last = values_.get() + (region.rows() - 1) * stride_;
  std::copy_n(last, stride_, values_.get() + region.rows() * stride_);
}

// Rows [first, stop) of the region.
void AveragedFrame::fill(Frame frame, Grain grain, const Stages& stages, std::size_t first,
                         std::size_t stop) {
  const std::size_t values = 3 * region_.cols(), length = stride_ + spare;
  const auto share = static_cast<std::int16_t>(std::lround(32768 * (grain.box - 1) / grain.box));
  CellRows cells(frame, region_, grain.cell, stages);
  std::vector<std::uint16_t> rows(4 * length);
  std::uint16_t *above = rows.data(), *here = above + length, *below = here + length;
  std::uint16_t* const middle = below + length + 3;
  const auto average = [&](std::size_t row, std::uint16_t* into) {
    cells.average(region_.top + std::min(row, region_.rows() - 1), into);
  };
  average(first == 0 ? 0 : first - 1, above);
  average(first, here);
  for (std::size_t row = first; row != stop; ++row) {
    std::uint16_t* to = values_.get() + row * stride_;
    average(row + 1, below);
    if (share == 0) {
      std::copy_n(here, values, to);
    } else {
      stages.smooth(above, here, below, values, share, middle);
      pad(middle, values);
      stages.smooth(middle - 3, middle, middle + 3, values, share, to);
    }
    std::copy_n(to + values - 3, 3, to + values);
    std::swap(above, here);
    std::swap(here, below);
  }
}

}  // namespace edgegeo

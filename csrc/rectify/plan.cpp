#include "plan.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace edgegeo {
namespace {

constexpr double largest_cell = 255;  // 255 rows of 255 still fit a 16-bit sum
constexpr double tap_spread = 0.3;    // cells that a bilinear tap widens the box by

// The images of the unit vectors at a point: the sides of an output pixel's footprint.
struct Sides {
  double ux, uy, vx, vy;
};

Sides sides(const double* h, const Warped& at) noexcept {
  const double x = at.x / at.w, y = at.y / at.w;
  return {(h[0] - x * h[6]) / at.w, (h[3] - y * h[6]) / at.w,  //
          (h[1] - x * h[7]) / at.w, (h[4] - y * h[7]) / at.w};
}

double shrink(const double* homography, std::size_t size) noexcept {
  const double centre = static_cast<double>(size - 1) / 2;
  const Warped at = warp(homography, centre, centre);
  if (!at.visible()) return 1;
  const Sides s = sides(homography, at);
  const double area = std::abs(s.ux * s.vy - s.uy * s.vx);
  if (!(area > 1) || !std::isfinite(area)) return 1;
  return std::exp2(std::round(2 * std::log2(area)) / 4);
}

}  // namespace

Warped warp(const double* h, double u, double v) noexcept {
  return {h[0] * u + h[1] * v + h[2], h[3] * u + h[4] * v + h[5], h[6] * u + h[7] * v + h[8]};
}

double Grain::reach() const noexcept { return static_cast<double>(cell) * (box + tap_spread); }

Grain grain_of(const double* homography, std::size_t size) noexcept {
  const double by = shrink(homography, size);
  const double cell = std::clamp(std::floor(by / 2.2 + 0.5), 1.0, largest_cell);
  return {static_cast<std::size_t>(cell), std::clamp(by / cell - tap_spread, 1.0, 3.0)};
}

std::size_t taps_a_side(const double* homography, std::size_t size, Grain grain) noexcept {
  const double last = static_cast<double>(size - 1);
  const double places[5][2] = {{last / 2, last / 2}, {0, 0}, {0, last}, {last, 0}, {last, last}};
  double longest = 0;
  for (const auto& place : places) {
    const Warped at = warp(homography, place[0], place[1]);
    if (!at.visible()) continue;
    const Sides s = sides(homography, at);
    const double side = std::max(std::hypot(s.ux, s.uy), std::hypot(s.vx, s.vy));
    if (std::isfinite(side)) longest = std::max(longest, side);
  }
  const double taps = std::ceil(longest / grain.reach() - 0.35);
  return static_cast<std::size_t>(std::clamp(taps, 1.0, double{most_taps}));
}

Region region_read(Frame frame, const double* homography, std::size_t size,
                   std::size_t cell) noexcept {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  double left = infinity, top = infinity, right = -infinity, bottom = -infinity;
  const double last = static_cast<double>(size) - 0.5;
  const double corners[4][2] = {{-0.5, -0.5}, {-0.5, last}, {last, -0.5}, {last, last}};
  for (const auto& corner : corners) {
    const Warped at = warp(homography, corner[0], corner[1]);
    const double x = at.x / at.w, y = at.y / at.w;
    if (at.visible() && std::isfinite(x) && std::isfinite(y)) {
      left = std::min(left, x), right = std::max(right, x);
      top = std::min(top, y), bottom = std::max(bottom, y);
    } else {  // the tile reaches the horizon: it may read anything
      left = top = -infinity, right = bottom = infinity;
    }
  }
  // one cell of margin for the bilinear neighbours, one for the box and one for rounding
  const auto side = static_cast<double>(cell);
  const double across = std::ceil(static_cast<double>(frame.width) / side);
  const double down = std::ceil(static_cast<double>(frame.height) / side);
  const double first_col = std::clamp(std::floor(left / side) - 3, 0.0, across);
  const double first_row = std::clamp(std::floor(top / side) - 3, 0.0, down);
  const double stop_col = std::clamp(std::floor(right / side) + 4, first_col, across);
  const double stop_row = std::clamp(std::floor(bottom / side) + 4, first_row, down);
  return {static_cast<std::size_t>(first_col), static_cast<std::size_t>(first_row),
          static_cast<std::size_t>(stop_col), static_cast<std::size_t>(stop_row)};
}

Region hull(Region a, Region b) noexcept {
  if (a.empty()) return b;
  if (b.empty()) return a;
  return {std::min(a.left, b.left), std::min(a.top, b.top), std::max(a.right, b.right),
          std::max(a.bottom, b.bottom)};
}

}  // namespace edgegeo

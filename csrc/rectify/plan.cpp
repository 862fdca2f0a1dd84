#include "plan.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace edgegeo {
namespace {

constexpr std::size_t most_taps = 16;
constexpr std::size_t largest_cell = 255;  // 255 rows of 255 still fit a 16-bit sum

// The images of the unit vectors at a point: the sides of an output pixel's footprint.
struct Sides {
  double ux, uy, vx, vy;
};

Sides sides(const double* h, const Warped& at) noexcept {
  const double x = at.x / at.w, y = at.y / at.w;
  return {(h[0] - x * h[6]) / at.w, (h[3] - y * h[6]) / at.w,  //
          (h[1] - x * h[7]) / at.w, (h[4] - y * h[7]) / at.w};
}

}  // namespace

Warped warp(const double* h, double u, double v) noexcept {
  return {h[0] * u + h[1] * v + h[2], h[3] * u + h[4] * v + h[5], h[6] * u + h[7] * v + h[8]};
}

std::size_t cell_side(View<const double> homographies, std::size_t size) noexcept {
  const double centre = static_cast<double>(size - 1) / 2;
  double shrink = std::numeric_limits<double>::infinity();
  for (std::size_t copy = 0; copy != homographies.rows; ++copy) {
    const Warped at = warp(homographies.row(copy), centre, centre);
    if (!at.visible()) continue;
    const Sides s = sides(homographies.row(copy), at);
    const double area = std::abs(s.ux * s.vy - s.uy * s.vx);
    if (std::isfinite(area)) shrink = std::min(shrink, std::sqrt(area));
  }
  if (!std::isfinite(shrink)) return 1;
  const double side = std::floor(shrink / 2.25 + 0.5);
  return static_cast<std::size_t>(std::clamp(side, 1.0, double{largest_cell}));
}

std::size_t taps_a_side(const double* homography, std::size_t size, std::size_t cell) noexcept {
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
  const double taps = std::ceil(longest / static_cast<double>(cell) - 0.35);
  return static_cast<std::size_t>(std::clamp(taps, 1.0, double{most_taps}));
}

Region region_read(Frame frame, View<const double> homographies, std::size_t size,
                   std::size_t cell) noexcept {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  double left = infinity, top = infinity, right = -infinity, bottom = -infinity;
  const double last = static_cast<double>(size) - 0.5;
  const double corners[4][2] = {{-0.5, -0.5}, {-0.5, last}, {last, -0.5}, {last, last}};
  for (std::size_t copy = 0; copy != homographies.rows; ++copy) {
    for (const auto& corner : corners) {
      const Warped at = warp(homographies.row(copy), corner[0], corner[1]);
      const double x = at.x / at.w, y = at.y / at.w;
      if (at.visible() && std::isfinite(x) && std::isfinite(y)) {
        left = std::min(left, x), right = std::max(right, x);
        top = std::min(top, y), bottom = std::max(bottom, y);
      } else {  // the tile reaches the horizon: it may read anything
        left = top = -infinity, right = bottom = infinity;
      }
    }
  }
  // one cell of margin for the bilinear neighbours and one for rounding
  const auto side = static_cast<double>(cell), width = static_cast<double>(frame.width),
             height = static_cast<double>(frame.height);
  const double across = std::ceil(width / side), down = std::ceil(height / side);
  const double first_col = std::clamp(std::floor(left / side) - 2, 0.0, across);
  const double first_row = std::clamp(std::floor(top / side) - 2, 0.0, down);
  const double stop_col = std::clamp(std::floor(right / side) + 3, first_col, across);
  const double stop_row = std::clamp(std::floor(bottom / side) + 3, first_row, down);
  return {static_cast<std::size_t>(first_col), static_cast<std::size_t>(first_row),
          static_cast<std::size_t>(stop_col - first_col),
          static_cast<std::size_t>(stop_row - first_row)};
}

}  // namespace edgegeo

// How finely a set of warps reads a frame: see "Shrink" in rectify.h.
#pragma once
#include "../view.h"
#include "rectify.h"

namespace edgegeo {

// A homography applied to (u, v, 1), and the sides of a unit pixel's image there.
struct Warped {
  double x, y, w;

  bool visible() const noexcept { return w > 0; }  // false for NaN as well
};

Warped warp(const double* homography, double u, double v) noexcept;

// Side f of the cells that the frame is averaged over.
std::size_t cell_side(View<const double> homographies, std::size_t size) noexcept;

// Taps n a side and output pixel for one copy.
std::size_t taps_a_side(const double* homography, std::size_t size, std::size_t cell) noexcept;

// The cells any copy can read: columns [left, left + cols), rows [top, top + rows).
struct Region {
  std::size_t left, top, cols, rows;
};

Region region_read(Frame frame, View<const double> homographies, std::size_t size,
                   std::size_t cell) noexcept;

}  // namespace edgegeo

// How finely a warp reads a frame: see "Shrink" in rectify.h.
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

// What the frame is averaged over before it is sampled.
struct Grain {
  std::size_t cell;  // side f of a cell in frame pixels
  double box;        // side b of the box over neighbouring cells, in [1, 3]

  double reach() const noexcept;  // side that one bilinear tap stands for, in frame pixels
  bool operator==(const Grain& other) const noexcept {
    return cell == other.cell && box == other.box;
  }
};

Grain grain_of(const double* homography, std::size_t size) noexcept;

inline constexpr std::size_t most_taps = 16;

// Taps n a side and output pixel.
std::size_t taps_a_side(const double* homography, std::size_t size, Grain grain) noexcept;

// The cells a copy can read: columns [left, right), rows [top, bottom). Empty or on the frame.
struct Region {
  std::size_t left, top, right, bottom;

  std::size_t cols() const noexcept { return right - left; }
  std::size_t rows() const noexcept { return bottom - top; }
  bool empty() const noexcept { return left == right || top == bottom; }
};

Region region_read(Frame frame, const double* homography, std::size_t size,
                   std::size_t cell) noexcept;

// The smallest region that holds both.
Region hull(Region a, Region b) noexcept;

}  // namespace edgegeo

// One copy of a frame: which of its pixels the frame holds, and how they are sampled.
#pragma once
#include <array>

#include "plane.h"

namespace edgegeo {

// Tile pixels [start, stop) of one row.
struct Span {
  std::size_t start, stop;
};

class Copy {
 public:
  Copy(const double* homography, std::size_t size, std::size_t taps, Frame frame,
       const AveragedFrame& averaged, Grain grain, const Stages& stages) noexcept;

  // One row of the tile: R, G, B and coverage of pixels [start, stop), stop - start <= lanes,
  // into four rows of lanes + spare.
  void sample(std::size_t row, std::size_t start, std::size_t stop,
              float (*out)[lanes + spare]) const noexcept;

 private:
  // a u + b v + c >= 0 where a point is on the right side of one edge of the frame
  struct Edge {
    double a, b, c;
  };

  Span span(double v, bool whole) const noexcept;
  float coverage(double u, double v) const noexcept;
  void colours(double u, double v, std::size_t count, float* first, float* second,
               float* third) const noexcept;

  double h_[9];  // tile pixel -> cell of the averaged frame, w about 1 at the tile's centre
  std::array<Edge, 5> edges_;  // the horizon first
  double last_col_, last_row_;
  std::size_t size_, taps_;
  bool bgr_;
  Plane plane_;
  const Stages& stages_;
};

}  // namespace edgegeo

// The inner loops of rectify, one table of them per target.
#pragma once
#include "../view.h"

namespace edgegeo {

inline constexpr std::size_t lanes = 16;  // output pixels that are sampled together

// The averaged frame: 4 values a pixel (three channels and one unused) with 7 fractional bits,
// so that differences still fit 16 bits.
inline constexpr std::int32_t plane_one = 128;

struct Plane {
  const std::uint16_t* data;
  std::size_t cols;
};

// Where the taps of `lanes` neighbouring output pixels fall on the plane: pixel i reads
// ((x + i dx) / (w + i dw), (y + i dy) / (w + i dw)).
struct Line {
  float x, y, w, dx, dy, dw;
};

struct Stages {
  // values (pixels * 3) -> plane (pixels * 4): value * plane_one
  void (*widen_row)(const std::uint8_t* values, std::size_t pixels, std::uint16_t* plane) noexcept;

  // sums[i] += values[i]
  void (*add_row)(const std::uint8_t* values, std::size_t n, std::uint16_t* sums) noexcept;

  // sums (cells * factor * 3, and one more that is readable) -> plane (cells * 4):
  // weight * the sum of `factor` neighbours, rounded
  void (*average_row)(const std::uint16_t* sums, std::size_t cells, std::size_t factor,
                      float weight, std::uint16_t* plane) noexcept;

  // total (lanes, 4) += one bilinear tap each, with weights of 15 bits; every tap and its
  // neighbours lie on the plane. The fourth value of a total means nothing.
  void (*add_taps)(Plane plane, Line line, std::int32_t* total) noexcept;
};

extern const Stages stages_scalar;
extern const Stages stages_avx2;
extern const Stages stages_neon;

}  // namespace edgegeo

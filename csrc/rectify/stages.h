// The inner loops of rectify, one table of them per target.
#pragma once
#include "../view.h"

namespace edgegeo {

inline constexpr std::size_t lanes = 256;  // output pixels that are sampled together
inline constexpr std::size_t spare = 8;    // further ones that a target may write

// The averaged frame: three channels a cell, with 7 fractional bits, so that they still fit 16
// bits with a sign.
inline constexpr std::int32_t plane_one = 128;

// One bilinear tap in each of neighbouring output pixels: pixel i reads cell
// ((x + i dx) / (w + i dw), (y + i dy) / (w + i dw)) beyond `cells`, brought into [0, last_col]
// and [0, last_row]. One column and one row beyond the last ones are readable.
struct Line {
  const std::uint16_t* cells;
  float x, y, w, dx, dy, dw;
  float last_col, last_row;
};

// How a sum becomes a mean in units of plane_one: (sum * 2^shift) * by / 2^16, each rounded down.
// A sum times 2^shift fits 16 bits.
struct Mean {
  int shift;
  std::uint16_t by;
};

// All but widen, sum_rows, smooth and narrow may write `spare` more values than is said, and read
// as many behind sums and cells.
struct Stages {
  // values -> plane: value * plane_one
  void (*widen)(const std::uint8_t* values, std::size_t n, std::uint16_t* plane) noexcept;

  // sums[i] = the sum of `rows` values, each `stride` behind the one before
  void (*sum_rows)(const std::uint8_t* values, std::size_t stride, std::size_t rows, std::size_t n,
                   std::uint16_t* sums) noexcept;

  // sums (cells * factor * 3) -> plane (cells * 3): the mean of `factor` neighbours. With factor
  // <= 16 the sum of neighbours fits 16 bits.
  void (*average_row)(const std::uint16_t* sums, std::size_t cells, std::size_t factor, Mean mean,
                      std::uint16_t* plane) noexcept;

  // The same for cells of 2 x 2 straight from two rows of values (cells * 2 * 3).
  void (*average_pairs)(const std::uint8_t* upper, const std::uint8_t* lower, std::size_t cells,
                        std::uint16_t* plane) noexcept;

  // out = b + share * (mean of a and c - b), share in units of 2^-15
  void (*smooth)(const std::uint16_t* a, const std::uint16_t* b, const std::uint16_t* c,
                 std::size_t n, std::int16_t share, std::uint16_t* out) noexcept;

  // The sums of `taps` lines' taps, each in units of 2^-14 of the plane's, times scale, minus 2:
  // the three channels of `count` <= lanes pixels. `stride` is the plane's, in values.
  void (*sample)(const Line* lines, std::size_t taps, std::size_t stride, std::size_t count,
                 float scale, float* first, float* second, float* third) noexcept;

  // float -> half, to the nearest, ties to even; |value| < 65504
  void (*narrow)(const float* values, std::size_t n, Half* out) noexcept;
};

extern const Stages stages_scalar;
extern const Stages stages_avx2;
extern const Stages stages_neon;

}  // namespace edgegeo

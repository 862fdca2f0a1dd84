// A square grid of int8 tokens, north row first, and what is summed over it once.
#pragma once
#include <vector>

#include "../view.h"

namespace edgegeo {

struct Grid {
  std::size_t side;   // tokens
  std::size_t width;  // numbers a token

  std::size_t tokens() const noexcept { return side * side; }
  std::size_t values() const noexcept { return tokens() * width; }
  Grid half() const noexcept { return {side / 2, width}; }
};

// half (grid.half()) = the means of 2 x 2 tokens, rounded, halves up; of an even grid.
void halve(Grid grid, const std::int8_t* values, std::int8_t* half) noexcept;

// The length of each token of some grids, and the sum of the squares of each grid.
struct Weighed {
  Weighed(Grid grid, std::size_t count)
      : shape(grid), lengths(count * grid.tokens()), squares(count) {}

  void weigh(std::size_t i, const std::int8_t* values) noexcept;
  const float* of(std::size_t i) const noexcept { return lengths.data() + i * shape.tokens(); }

  Grid shape;
  std::vector<float> lengths;
  std::vector<double> squares;
};

}  // namespace edgegeo

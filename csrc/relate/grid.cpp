#include "grid.h"

#include <cmath>

namespace edgegeo {

void halve(Grid grid, const std::int8_t* values, std::int8_t* half) noexcept {
  const std::size_t width = grid.width, row = grid.side * width;
  for (std::size_t y = 0; y + 1 < grid.side; y += 2) {
    for (std::size_t x = 0; x + 1 < grid.side; x += 2) {
      const std::int8_t *north = values + y * row + x * width, *south = north + row;
      for (std::size_t c = 0; c != width; ++c) {
        const int sum = north[c] + north[c + width] + south[c] + south[c + width];
        half[c] = static_cast<std::int8_t>((sum + 2) >> 2);
      }
      half += width;
    }
  }
}

void Weighed::weigh(std::size_t i, const std::int8_t* values) noexcept {
  float* length = lengths.data() + i * shape.tokens();
  std::int64_t all = 0;
  for (std::size_t t = 0; t != shape.tokens(); ++t) {
    std::int32_t square = 0;
    for (std::size_t c = 0; c != shape.width; ++c) {
      const std::int32_t value = values[t * shape.width + c];
      square += value * value;
    }
    length[t] = std::sqrt(static_cast<float>(square));
    all += square;
  }
  squares[i] = static_cast<double>(all);
}

}  // namespace edgegeo

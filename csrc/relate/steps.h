// The inner loops of relate, one table of them per target.
//
// A candidate is packed once for all grids that slide over it: as bytes, or widened where the
// instruction set multiplies 16 bits, or moved where it wants them unsigned.
#pragma once
#include "../cpu.h"
#include "../view.h"

namespace edgegeo {

// A grid that slides along the rows of what lies under it, which are longer by shifts - 1 steps.
struct Sliding {
  std::size_t rows;
  std::size_t columns;  // values of the grid in a row
  std::size_t grid_stride;
  std::size_t under_stride;
  std::size_t step;  // values a shift
  std::size_t shifts;
};

inline constexpr std::size_t weight_block = 8;

struct Steps {
  std::size_t packed_bytes;  // of one value

  void (*pack)(const std::int8_t* values, std::size_t n, void* packed) noexcept;

  // sums[s] = sum over rows y and columns i of grid[y][i] * under[y][i + s * step], exact while
  // rows * columns < 2^17
  void (*dots)(const std::int8_t* grid, const void* under, const Sliding& shape,
               std::int32_t* sums) noexcept;

  // The same of floats with a step of 1. `under` may be read, and `sums` written, as if there
  // were a multiple of weight_block shifts.
  void (*weights)(const float* grid, const float* under, const Sliding& shape,
                  float* sums) noexcept;

  // out[i] = the sum of four taps, weight[t] * taps[t][i], over 2^22 and rounded; the weights are
  // not negative and add up to at most 2^14, the taps are within 127 * 256 of 0.
  void (*blend)(const std::int16_t* const* taps, const std::int16_t* weight, std::size_t n,
                std::int8_t* out) noexcept;
};

extern const Steps steps_scalar, steps_avx2, steps_neon;

// In place of avx2's or neon's; the rest is theirs.
using DotsOf = void(const std::int8_t* grid, const void* under, const Sliding& shape,
                    std::int32_t* sums) noexcept;
DotsOf dots_avxvnni, dots_avx512, dots_vnni, dots_dotprod;

const Steps& steps_for(Target target) noexcept;

}  // namespace edgegeo

// What the x86 targets of steps.h share of `dots`. They differ in the width of a register and in
// how bytes are multiplied; a `Set` says both:
//
//   Lanes, columns          a register, and the values that are multiplied at once
//   Under                   a packed value
//   grid(), under()         values as factors: a register of them, or fewer and zeros
//   add(), total()          a sum and the products; what a register's lanes add up to
//   biased, biases()        packed values are moved by 128: 128 times the grid's values, which have
//                           to go again
//
// The files that include this are compiled for different CPUs: all of it is in an anonymous
// namespace and none of it is the standard library's.
#pragma once
#include <cstring>

#include "steps.h"

namespace edgegeo {
namespace {

template <class Set>
struct Dots {
  using Lanes = typename Set::Lanes;
  using Under = typename Set::Under;
  using Some = void (*)(const std::int8_t* grid, const Under* under, const Sliding& shape,
                        std::int32_t* sums);

  static constexpr std::size_t most = 7;  // shifts that share a load of the grid

  template <std::size_t S>
  static void some(const std::int8_t* grid, const Under* under, const Sliding& shape,
                   std::int32_t* sums) noexcept {
    const std::size_t whole = shape.columns / Set::columns * Set::columns, step = shape.step;
    Lanes sum[S];
    for (std::size_t s = 0; s != S; ++s) sum[s] = Set::zero();
    for (std::size_t y = 0; y != shape.rows; ++y) {
      const std::int8_t* a = grid + y * shape.grid_stride;
      const Under* b = under + y * shape.under_stride;
      for (std::size_t i = 0; i != whole; i += Set::columns) {
        const Lanes values = Set::grid(a + i);
        for (std::size_t s = 0; s != S; ++s) {
          sum[s] = Set::add(sum[s], Set::under(b + i + s * step), values);
        }
      }
    }
    for (std::size_t s = 0; s != S; ++s) sums[s] = Set::total(sum[s]);
  }

  // What the columns give that are left of a register of them: apart, for in one function with
  // them GCC keeps the sums above in memory.
  static std::int32_t rest(const std::int8_t* grid, const Under* under, const Sliding& shape,
                           std::size_t left) noexcept {
    Lanes sum = Set::zero();
    for (std::size_t y = 0; y != shape.rows; ++y) {
      sum = Set::add(sum, Set::under(under + y * shape.under_stride, left),
                     Set::grid(grid + y * shape.grid_stride, left));
    }
    return Set::total(sum);
  }

  static std::int32_t bias(const std::int8_t* grid, const Sliding& shape) noexcept {
    Lanes sum = Set::zero();
    for (std::size_t y = 0; y != shape.rows; ++y) {
      const std::int8_t* a = grid + y * shape.grid_stride;
      std::size_t i = 0;
      for (; i + Set::columns <= shape.columns; i += Set::columns) {
        sum = Set::biases(sum, Set::grid(a + i));
      }
      if (i != shape.columns) sum = Set::biases(sum, Set::grid(a + i, shape.columns - i));
    }
    return Set::total(sum);
  }

  // Shifts in as few and as equal parts as can be.
  static void all(const std::int8_t* grid, const void* packed, const Sliding& shape,
                  std::int32_t* sums) noexcept {
    constexpr Some of[] = {some<1>, some<2>, some<3>, some<4>, some<5>, some<6>, some<7>};
    const auto* under = static_cast<const Under*>(packed);
    std::size_t parts = (shape.shifts + most - 1) / most;
    for (std::size_t s = 0; parts != 0; --parts) {
      const std::size_t count = (shape.shifts - s + parts - 1) / parts;
      of[count - 1](grid, under + s * shape.step, shape, sums + s);
      s += count;
    }
    const std::size_t left = shape.columns % Set::columns, from = shape.columns - left;
    for (std::size_t s = 0; left != 0 && s != shape.shifts; ++s) {
      sums[s] = added(sums[s], rest(grid + from, under + from + s * shape.step, shape, left));
    }
    if constexpr (Set::biased) {
      const std::int32_t over = bias(grid, shape);
      for (std::size_t s = 0; s != shape.shifts; ++s) sums[s] = added(sums[s], -over);
    }
  }

  // Modulo 2^32: biased sums may not fit.
  static std::int32_t added(std::int32_t a, std::int32_t b) noexcept {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
  }
};

}  // namespace
}  // namespace edgegeo

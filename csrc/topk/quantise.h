// Rows of floats as int8 with one scale each.
//
//   row (d) f32      values (d) i8 out
//
// Scale    the largest magnitude over 127, which is returned, so that nothing is clipped; 1 where
//          that is subnormal or zero. NaN, with all values 0, where a value is not finite.
// Values   row / scale, rounded to the nearest, halves to even: scale * values is within half a
//          scale of the row.
#pragma once
#include <cstddef>
#include <cstdint>

namespace edgegeo {

float quantise(const float* row, std::size_t d, std::int8_t* values) noexcept;

}  // namespace edgegeo

// out[i] = scale * values[i] for one row of int8 values, per target.
#pragma once
#include "../view.h"

namespace edgegeo {

void dequantise_scalar(const std::int8_t* values, std::size_t n, float scale, float* out) noexcept;
void dequantise_avx2(const std::int8_t* values, std::size_t n, float scale, float* out) noexcept;
void dequantise_neon(const std::int8_t* values, std::size_t n, float scale, float* out) noexcept;

}  // namespace edgegeo

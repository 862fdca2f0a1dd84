// out[i] = scale * values[i] for one row of int8 values, per target. The n values at `next`, the
// row to come, are asked for meanwhile: they lie anywhere in the gallery, where no prefetcher of
// the processor looks.
#pragma once
#include "../view.h"

namespace edgegeo {

void dequantise_scalar(const std::int8_t* values, std::size_t n, float scale, float* out,
                       const std::int8_t* next) noexcept;
void dequantise_scalar(const std::int8_t* values, std::size_t n, float scale, Half* out,
                       const std::int8_t* next) noexcept;
void dequantise_avx2(const std::int8_t* values, std::size_t n, float scale, float* out,
                     const std::int8_t* next) noexcept;
void dequantise_avx2(const std::int8_t* values, std::size_t n, float scale, Half* out,
                     const std::int8_t* next) noexcept;
void dequantise_neon(const std::int8_t* values, std::size_t n, float scale, float* out,
                     const std::int8_t* next) noexcept;
void dequantise_neon(const std::int8_t* values, std::size_t n, float scale, Half* out,
                     const std::int8_t* next) noexcept;

}  // namespace edgegeo

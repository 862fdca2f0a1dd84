#include "dequantise.h"

void edgegeo::dequantise_scalar(const std::int8_t* values, std::size_t n, float scale,
                                float* out) noexcept {
  for (std::size_t i = 0; i != n; ++i) out[i] = scale * static_cast<float>(values[i]);
}

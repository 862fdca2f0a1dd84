#include "pairs.h"

#include "dequantise.h"

namespace edgegeo {
namespace {

auto dequantise_for(Target target) noexcept {
  switch (baseline(target)) {
#if defined(EDGEGEO_HAS_AVX2)
    case Target::avx2:
      return dequantise_avx2;
#endif
#if defined(EDGEGEO_HAS_NEON)
    case Target::neon:
      return dequantise_neon;
#endif
    default:
      return dequantise_scalar;
  }
}

}  // namespace

void gather_pairs(View<const std::int8_t> tokens, const float* scales, const std::int32_t* ids,
                  View<float> out, Target target) noexcept {
  const auto dequantise = dequantise_for(target);
  for (std::size_t j = 0; j != out.rows; ++j) {
    const auto id = static_cast<std::size_t>(ids[j]);
    dequantise(tokens.row(id), tokens.cols, scales[id], out.row(j));
  }
}

}  // namespace edgegeo

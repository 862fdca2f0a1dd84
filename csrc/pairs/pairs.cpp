#include "pairs.h"

#include <algorithm>

#include "dequantise.h"

namespace edgegeo {
namespace {

constexpr std::size_t piece_values = 32u << 10;  // what waking another thread is worth

template <class Out>
using Dequantise = void (*)(const std::int8_t* values, std::size_t n, float scale, Out* out,
                            const std::int8_t* next) noexcept;

template <class Out>
Dequantise<Out> dequantise_for(Target target) noexcept {
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

template <class Out>
void gather_pairs(View<const std::int8_t> tokens, const float* scales, const std::int32_t* ids,
                  View<Out> out, Pool& pool, Target target) {
  const Dequantise<Out> dequantise = dequantise_for<Out>(target);
  const std::size_t together = std::max<std::size_t>(1, piece_values / (out.cols + 1));
  pool.run((out.rows + together - 1) / together, [&](std::size_t piece, std::size_t) {
    const std::size_t end = std::min(out.rows, (piece + 1) * together);
    for (std::size_t j = piece * together; j != end; ++j) {
      const auto id = static_cast<std::size_t>(ids[j]);
      const auto next = static_cast<std::size_t>(ids[std::min(j + 1, out.rows - 1)]);
      dequantise(tokens.row(id), tokens.cols, scales[id], out.row(j), tokens.row(next));
    }
  });
}

template void gather_pairs(View<const std::int8_t>, const float*, const std::int32_t*, View<float>,
                           Pool&, Target);
template void gather_pairs(View<const std::int8_t>, const float*, const std::int32_t*, View<Half>,
                           Pool&, Target);

}  // namespace edgegeo

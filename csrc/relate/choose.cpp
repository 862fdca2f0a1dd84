// Which inner loops a target has.
#include "steps.h"

namespace edgegeo {
namespace {

#if defined(EDGEGEO_HAS_AVX512)
// As bytes moved by 128, which is what the dot product of bytes of x86 multiplies.
void pack_moved(const std::int8_t* values, std::size_t n, void* packed) noexcept {
  auto* bytes = static_cast<std::uint8_t*>(packed);
  for (std::size_t i = 0; i != n; ++i) bytes[i] = static_cast<std::uint8_t>(values[i] + 128);
}
#endif

}  // namespace

const Steps& steps_for(Target target) noexcept {
  if (target == Target::scalar) return steps_scalar;
#if defined(EDGEGEO_HAS_AVX512)  // the dots alone gain: the weights of 7 shifts fill 8 lanes
  static const Steps& avx2 = steps_avx2;
  static const Steps avxvnni{1, pack_moved, dots_avxvnni, avx2.weights, avx2.blend};
  static const Steps avx512{2, avx2.pack, dots_avx512, avx2.weights, avx2.blend};
  static const Steps vnni{1, pack_moved, dots_vnni, avx2.weights, avx2.blend};
  switch (target) {
    case Target::avxvnni:
      return avxvnni;
    case Target::avx512:
      return avx512;
    case Target::vnni:
      return vnni;
    default:
      return avx2;
  }
#elif defined(EDGEGEO_HAS_NEON)
  static const Steps with_dotprod{steps_neon.packed_bytes, steps_neon.pack, dots_dotprod,
                                  steps_neon.weights, steps_neon.blend};
  return target == Target::dotprod ? with_dotprod : steps_neon;
#else
  return steps_scalar;
#endif
}

}  // namespace edgegeo

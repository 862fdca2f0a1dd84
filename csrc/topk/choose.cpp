// Which function of an inner loop a target has.
#include "dot.h"
#include "score.h"

namespace edgegeo {

template <class Row>
ScoreBlock<Row> score_for(Target target) noexcept {
  switch (target) {
#if defined(EDGEGEO_HAS_AVX2)
    case Target::avx2:
    case Target::avxvnni:
      return score_avx2<Row>;
#endif
#if defined(EDGEGEO_HAS_AVX512)
    case Target::avx512:
    case Target::vnni:
      return score_avx512<Row>;
#endif
#if defined(EDGEGEO_HAS_NEON)
    case Target::neon:
    case Target::dotprod:
      return score_neon<Row>;
#endif
    default:
      return score_scalar<Row>;
  }
}

template ScoreBlock<float> score_for(Target) noexcept;
template ScoreBlock<Half> score_for(Target) noexcept;
template ScoreBlock<std::int8_t> score_for(Target) noexcept;

DotBlock dot_for(Target target) noexcept {
  switch (target) {
#if defined(EDGEGEO_HAS_AVX2)
    case Target::avx2:
      return dot_avx2;
#endif
#if defined(EDGEGEO_HAS_AVX512)
    case Target::avxvnni:
      return dot_avxvnni;
    case Target::avx512:
      return dot_avx512;
    case Target::vnni:
      return dot_vnni;
#endif
#if defined(EDGEGEO_HAS_NEON)
    case Target::neon:
      return dot_neon;
    case Target::dotprod:
      return dot_dotprod;
#endif
    default:
      return dot_scalar;
  }
}

}  // namespace edgegeo

#include "functions.h"

#include <algorithm>

namespace edgegeo {

std::vector<Functions> runnable() {
  std::vector<Functions> found{
      {Target::scalar,
       dot_scalar,
       {score_scalar<float>, score_scalar<Half>, score_scalar<std::int8_t>},
       dequantise_scalar,
       &stages_scalar},
#if defined(EDGEGEO_HAS_AVX2)
      {Target::avx2,
       dot_avx2,
       {score_avx2<float>, score_avx2<Half>, score_avx2<std::int8_t>},
       dequantise_avx2,
       &stages_avx2},
#endif
#if defined(EDGEGEO_HAS_AVX512)
      {Target::avxvnni,
       dot_avxvnni,
       {score_avx2<float>, score_avx2<Half>, score_avx2<std::int8_t>},
       dequantise_avx2,
       &stages_avx2},
      {Target::avx512,
       dot_avx512,
       {score_avx512<float>, score_avx512<Half>, score_avx512<std::int8_t>},
       dequantise_avx2,
       &stages_avx2},
      {Target::vnni,
       dot_vnni,
       {score_avx512<float>, score_avx512<Half>, score_avx512<std::int8_t>},
       dequantise_avx2,
       &stages_avx2},
#endif
#if defined(EDGEGEO_HAS_NEON)
      {Target::neon,
       dot_neon,
       {score_neon<float>, score_neon<Half>, score_neon<std::int8_t>},
       dequantise_neon,
       &stages_neon},
      {Target::dotprod,
       dot_dotprod,
       {score_neon<float>, score_neon<Half>, score_neon<std::int8_t>},
       dequantise_neon,
       &stages_neon},
#endif
  };
  const std::vector<Target> here = targets();
  const auto absent = [&](const Functions& each) {
    return std::find(here.begin(), here.end(), each.target) == here.end();
  };
  found.erase(std::remove_if(found.begin(), found.end(), absent), found.end());
  return found;
}

}  // namespace edgegeo

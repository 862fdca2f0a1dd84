#include "rectify.h"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "copy.h"

namespace edgegeo {
namespace {

const Stages& stages_for(Target target) noexcept {
  switch (baseline(target)) {
#if defined(EDGEGEO_HAS_AVX2)
    case Target::avx2:
      return stages_avx2;
#endif
#if defined(EDGEGEO_HAS_NEON)
    case Target::neon:
      return stages_neon;
#endif
    default:
      return stages_scalar;
  }
}

template <class Out>
void render(const Copy& copy, std::size_t size, const Stages& stages, std::size_t first,
            std::size_t stop, Out* out) noexcept {
  float strip[4][lanes + spare];
  for (std::size_t v = first; v != stop; ++v) {
    for (std::size_t u = 0; u < size; u += lanes) {
      const std::size_t end = std::min(size, u + lanes);
      copy.sample(v, u, end, strip);
      for (std::size_t c = 0; c != 4; ++c) {
        Out* to = out + (c * size + v) * size + u;
        if constexpr (std::is_same_v<Out, Half>) {
          stages.narrow(strip[c], end - u, to);
        } else {
          std::copy_n(strip[c], end - u, to);
        }
      }
    }
  }
}

}  // namespace

template <class Out>
void rectify(Frame frame, View<const double> homographies, std::size_t size, Out* out,
             Target target, Pool* pool) {
  const Stages& stages = stages_for(target);
  const std::size_t copies = homographies.rows, values = 4 * size * size;
  std::vector<Grain> grains;
  for (std::size_t i = 0; i != copies; ++i) grains.push_back(grain_of(homographies.row(i), size));
  std::vector<bool> done(copies);
  for (std::size_t first = 0; first != copies; ++first) {
    if (done[first]) continue;
    const Grain grain = grains[first];
    std::vector<std::size_t> alike;
    Region region{};
    for (std::size_t i = first; i != copies; ++i) {
      if (!(grains[i] == grain)) continue;
      done[i] = true;
      alike.push_back(i);
      region = hull(region, region_read(frame, homographies.row(i), size, grain.cell));
    }
    const AveragedFrame averaged(frame, region, grain, stages, pool);
    for (const std::size_t i : alike) {
      Out* to = out + i * values;
      if (region.empty()) {
        std::fill_n(to, values, Out{});
        continue;
      }
      const double* homography = homographies.row(i);
      const std::size_t taps = taps_a_side(homography, size, grain);
      const Copy copy(homography, size, taps, frame, averaged, grain, stages);
      in_bands(pool, size, [&](std::size_t from, std::size_t stop) {
        render(copy, size, stages, from, stop, to);
      });
    }
  }
}

template void rectify(Frame, View<const double>, std::size_t, float*, Target, Pool*);
template void rectify(Frame, View<const double>, std::size_t, Half*, Target, Pool*);

}  // namespace edgegeo

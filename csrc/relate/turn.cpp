#include "turn.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "steps.h"

namespace edgegeo {
namespace {

constexpr float finer = 256;  // steps of the 16 bits that are sampled to one of the result

// Return what one unit of `out` is worth; a row of zeros is left behind the tokens.
float widen(const float* tokens, std::size_t n, std::int16_t* out) noexcept {
  float largest = 0;
  for (std::size_t i = 0; i != n; ++i) largest = std::max(largest, std::abs(tokens[i]));
  const float scale = largest / 127;
  if (scale < std::numeric_limits<float>::min()) {  // too coarse to divide by
    std::fill_n(out, n, std::int16_t{0});
    return 1;
  }
  const float units = finer * 127 / largest;
  for (std::size_t i = 0; i != n; ++i) {
    out[i] = static_cast<std::int16_t>(std::lrintf(tokens[i] * units));
  }
  return scale;
}

}  // namespace

void turn_tokens(View<const float> tokens, std::size_t width, Taps taps, std::int8_t* out,
                 float* scales, Pool& pool, Target target) {
  const Steps& steps = steps_for(target);
  std::vector<std::vector<std::int16_t>> wide(pool.threads());
  pool.run(tokens.rows, [&](std::size_t r, std::size_t worker) {
    wide[worker].resize(tokens.cols + width);  // "outside" stays 0
    std::int16_t* values = wide[worker].data();
    scales[r] = widen(tokens.row(r), tokens.cols, values);
    for (std::size_t m = 0; m != taps.tokens.rows; ++m) {
      const std::int16_t* four[4];
      for (std::size_t t = 0; t != 4; ++t) {
        four[t] = values + static_cast<std::size_t>(taps.tokens.row(m)[t]) * width;
      }
      steps.blend(four, taps.weights + 4 * m, width, out + (r * taps.tokens.rows + m) * width);
    }
  });
}

}  // namespace edgegeo

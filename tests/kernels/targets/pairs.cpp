// Dequantised tokens: one product each, so the same to the bit.
#include "pairs/pairs.h"

#include <cfloat>

#include "buffer.h"
#include "sizes.h"
#include "tests.h"

namespace edgegeo {
namespace {

constexpr float scales[] = {1.0f,  -0.0123f, 0.0f,     FLT_MIN,   FLT_TRUE_MIN,
                            3e37f, FLT_MAX,  INFINITY, -INFINITY, NAN};

void test_dequantise(const Functions& fast, Tally& tally) {
  for (const std::size_t n : widths()) {
    for (const std::size_t spare : {0, 1, 3}) {
      Random random(n);
      const Buffer<std::int8_t> values(n, spare);
      for (std::int8_t& each : values) each = static_cast<std::int8_t>(random.between(-128, 127));
      const Buffer<float> got(n, spare), wanted(n, spare);
      for (const float scale : scales) {
        fast.dequantise(values.data, n, scale, got.data);
        dequantise_scalar(values.data, n, scale, wanted.data);
        tally.same({"dequantise", fast.target, {n, spare}}, got.data, wanted.data, n);
      }
    }
  }
}

void test_gather_pairs(const Functions& fast, Tally& tally) {
  for (const std::size_t cols : {0, 1, 7, 8, 9, 33, 8192}) {
    for (const std::size_t k : {0, 1, 2, 5}) {
      constexpr std::size_t rows = sizeof scales / sizeof *scales;
      Random random(cols);
      const Buffer<std::int8_t> tokens(rows * cols);
      for (std::int8_t& each : tokens) each = static_cast<std::int8_t>(random.between(-128, 127));
      const Buffer<std::int32_t> ids(k);  // some twice
      for (std::int32_t& id : ids) id = random.between(0, rows - 1);
      const Buffer<float> got(k * cols), wanted(k * cols);
      const View<const std::int8_t> view{tokens.data, rows, cols};
      gather_pairs(view, scales, ids.data, {got.data, k, cols}, fast.target);
      gather_pairs(view, scales, ids.data, {wanted.data, k, cols}, Target::scalar);
      tally.same({"gather_pairs", fast.target, {cols, k}}, got.data, wanted.data, k * cols);
    }
  }
}

}  // namespace

void test_pairs(const Functions& fast, Tally& tally) {
  test_dequantise(fast, tally);
  test_gather_pairs(fast, tally);
}

}  // namespace edgegeo

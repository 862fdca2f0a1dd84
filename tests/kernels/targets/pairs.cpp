// Dequantised tokens: one product each and for halves one more rounding, so the same to the bit.
#include "pairs/pairs.h"

#include <cfloat>

#include "buffer.h"
#include "sizes.h"
#include "tests.h"

namespace edgegeo {
namespace {

constexpr float scales[] = {1.0f,  -0.0123f, 0.0f,     FLT_MIN,   FLT_TRUE_MIN,
                            3e37f, FLT_MAX,  INFINITY, -INFINITY, NAN};

// The same bits; any NaN is as good as another.
void same_half(const Where& where, Tally& tally, std::size_t i, Half got, Half wanted) {
  const auto number = [](Half x) {
    return (x.bits & 0x7fff) > 0x7c00 ? NAN : static_cast<double>(x.bits);
  };
  tally.close(where, i, number(got), number(wanted), 0);
}

void test_dequantise(const Functions& fast, Tally& tally) {
  for (const std::size_t n : widths()) {
    for (const std::size_t spare : {0, 1, 3}) {
      Random random(n);
      const Buffer<std::int8_t> values(n, spare);
      for (std::int8_t& each : values) each = static_cast<std::int8_t>(random.between(-128, 127));
      const Buffer<float> got(n, spare), wanted(n, spare);
      for (const float scale : scales) {
        fast.dequantise(values.data, n, scale, got.data, values.data);
        dequantise_scalar(values.data, n, scale, wanted.data, values.data);
        tally.same({"dequantise", fast.target, {n, spare}}, got.data, wanted.data, n);
      }
    }
  }
}

template <class Out>
void test_gather_pairs(const Functions& fast, Tally& tally) {
  for (const std::size_t cols : {0, 1, 7, 8, 9, 33, 8192}) {
    for (const std::size_t k : {0, 1, 2, 5, 40}) {
      constexpr std::size_t rows = sizeof scales / sizeof *scales;
      Random random(cols);
      const Buffer<std::int8_t> tokens(rows * cols);
      for (std::int8_t& each : tokens) each = static_cast<std::int8_t>(random.between(-128, 127));
      const Buffer<std::int32_t> ids(k);  // some twice
      for (std::int32_t& id : ids) id = random.between(0, rows - 1);
      const Buffer<Out> got(k * cols), wanted(k * cols);
      const View<const std::int8_t> view{tokens.data, rows, cols};
      Pool three(3), one(1);
      prefetch_rows(view, ids.data, k);  // of memory that is no file's: nothing happens
      gather_pairs<Out>(view, scales, ids.data, {got.data, k, cols}, three, fast.target);
      gather_pairs<Out>(view, scales, ids.data, {wanted.data, k, cols}, one, Target::scalar);
      const Where where{"gather_pairs", fast.target, {sizeof(Out), cols, k}};
      if constexpr (sizeof(Out) == sizeof(float)) {
        tally.same(where, got.data, wanted.data, k * cols);
      } else {
        for (std::size_t i = 0; i != k * cols; ++i) same_half(where, tally, i, got[i], wanted[i]);
      }
    }
  }
}

// Every exponent and tie that a scale can bring about.
void test_halves(const Functions& fast, Tally& tally) {
  constexpr std::size_t n = 256;
  const Buffer<std::int8_t> values(n);
  for (std::size_t i = 0; i != n; ++i)
    values[i] = static_cast<std::int8_t>(static_cast<int>(i) - 128);
  const std::int32_t id = 0;
  const Buffer<Half> got(n), wanted(n);
  Pool one(1);
  for (int exponent = -40; exponent <= 16; ++exponent) {
    for (const float mantissa : {1.0f, 1.0009765625f, 1.00048828125f, 1.00048840046f, 1.3333f}) {
      const float scale = std::ldexp(mantissa, exponent);
      const View<const std::int8_t> view{values.data, 1, n};
      gather_pairs<Half>(view, &scale, &id, {got.data, 1, n}, one, fast.target);
      gather_pairs<Half>(view, &scale, &id, {wanted.data, 1, n}, one, Target::scalar);
      for (std::size_t i = 0; i != n; ++i) {
        same_half({"halves", fast.target, {n}}, tally, i, got[i], wanted[i]);
      }
    }
  }
}

}  // namespace

void test_pairs(const Functions& fast, Tally& tally) {
  test_dequantise(fast, tally);
  test_gather_pairs<float>(fast, tally);
  test_gather_pairs<Half>(fast, tally);
  test_halves(fast, tally);
}

}  // namespace edgegeo

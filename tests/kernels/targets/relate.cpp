// Sums of products of bytes and sampled bytes are the same to the bit; sums of lengths are of at
// most `columns * rows` positive floats.
#include "relate/relate.h"

#include <vector>

#include "buffer.h"
#include "relate/steps.h"
#include "sizes.h"
#include "tests.h"

namespace edgegeo {
namespace {

void fill(const Buffer<std::int8_t>& values, Random& random) {
  for (std::int8_t& each : values) each = static_cast<std::int8_t>(random.between(-128, 127));
}

// Values as a target packs them, which end where memory ends.
struct Packed : Buffer<unsigned char> {
  Packed(const Steps& steps, const Buffer<std::int8_t>& values)
      : Buffer(values.size * steps.packed_bytes) {
    steps.pack(values.data, values.size, data);
  }
};

void test_dots(const Functions& fast, Tally& tally) {
  const Steps &steps = steps_for(fast.target), &plain = steps_scalar;
  for (const std::size_t step : {1, 3, 16, 32, 33, 128}) {
    for (const std::size_t shifts : {1, 2, 3, 5, 6, 7, 8, 13, 14}) {
      for (const std::size_t tokens : {1, 2, 7, 16}) {
        for (const std::size_t rows : {1, 2, 5}) {
          Random random(step + 100 * shifts + tokens);
          const std::size_t columns = tokens * step, stride = columns + (shifts - 1) * step;
          const Buffer<std::int8_t> grid(rows * columns), under(rows * stride);
          fill(grid, random);
          fill(under, random);
          const Sliding shape{rows, columns, columns, stride, step, shifts};
          const Buffer<std::int32_t> got(shifts), wanted(shifts);
          steps.dots(grid.data, Packed(steps, under).data, shape, got.data);
          plain.dots(grid.data, Packed(plain, under).data, shape, wanted.data);
          tally.same({"dots", fast.target, {step, shifts, tokens, rows}}, got.data, wanted.data,
                     shifts);
        }
      }
    }
  }
}

void test_extreme_dots(const Functions& fast, Tally& tally) {
  const Steps& steps = steps_for(fast.target);
  constexpr std::size_t n = (1u << 17) - 1;
  constexpr std::int8_t extremes[] = {-128, 127};
  for (const std::int8_t a : extremes) {
    for (const std::int8_t b : extremes) {
      const Buffer<std::int8_t> grid(n), under(n);
      for (std::int8_t& each : grid) each = a;
      for (std::int8_t& each : under) each = b;
      std::int32_t got = 0, wanted = static_cast<std::int32_t>(n) * a * b;
      steps.dots(grid.data, Packed(steps, under).data, {1, n, n, n, 1, 1}, &got);
      tally.same({"extreme dots", fast.target, {n}}, &got, &wanted, 1);
    }
  }
}

void test_weights(const Functions& fast, Tally& tally) {
  const Steps& steps = steps_for(fast.target);
  for (const std::size_t shifts : {1, 3, 7, 8, 9, 13, 16}) {
    for (std::size_t side = 1; side <= 17; ++side) {
      Random random(shifts + 100 * side);
      const std::size_t blocks = (shifts + weight_block - 1) / weight_block * weight_block;
      const std::size_t stride = side + blocks - 1;
      const Buffer<float> grid(side * side), under(side * stride), got(blocks), plain(blocks);
      for (float& each : grid) each = std::abs(random.unit());
      for (float& each : under) each = std::abs(random.unit());
      const Sliding shape{side, side, side, stride, 1, shifts};
      steps.weights(grid.data, under.data, shape, got.data);
      steps_scalar.weights(grid.data, under.data, shape, plain.data);
      for (std::size_t s = 0; s != shifts; ++s) {
        double exact = 0;
        for (std::size_t y = 0; y != side; ++y) {
          for (std::size_t x = 0; x != side; ++x) {
            exact += double{grid[y * side + x]} * double{under[y * stride + x + s]};
          }
        }
        const double bound = static_cast<double>(side * side) * 0x1p-24 * exact;
        tally.close({"weights", fast.target, {shifts, side}}, s, got[s], exact, bound);
        tally.close({"weights", Target::scalar, {shifts, side}}, s, plain[s], exact, bound);
      }
    }
  }
}

void test_blend(const Functions& fast, Tally& tally) {
  const Steps& steps = steps_for(fast.target);
  constexpr int most = 127 * 256;
  constexpr std::int16_t shares[] = {0, 1, 8191, 8192, 16384};
  for (const std::size_t n : widths()) {
    Random random(n);
    const Buffer<std::int16_t> a(n), b(n, 1), c(n, 2), d(n, 3);
    for (const auto* tap : {&a, &b, &c, &d}) {
      for (std::int16_t& each : *tap) {
        const int value = n % 2 == 0 ? most * random.between(-1, 1) : random.between(-most, most);
        each = static_cast<std::int16_t>(value);
      }
    }
    const std::int16_t* taps[] = {a.data, b.data, c.data, d.data};
    for (const std::int16_t whole : shares) {
      const auto rest = static_cast<std::int16_t>(16384 - whole);
      const std::int16_t weight[] = {whole, static_cast<std::int16_t>(rest / 2), 0,
                                     static_cast<std::int16_t>(rest - rest / 2)};
      const Buffer<std::int8_t> got(n), wanted(n);
      steps.blend(taps, weight, n, got.data);
      steps_scalar.blend(taps, weight, n, wanted.data);
      tally.same({"blend", fast.target, {n}}, got.data, wanted.data, n);
    }
  }
}

// The whole search: the same copies and shifts but where float sums tie, so scores are compared.
void test_best(const Functions& fast, Tally& tally) {
  for (const std::size_t side : {2, 4, 8, 14}) {
    for (const std::size_t width : {1, 5, 32}) {
      Random random(side * width);
      constexpr std::size_t rows = 6, copies = 3, k = 9;
      const std::size_t reach = side / 2, places = (2 * reach + 1) * (2 * reach + 1);
      const Grid grid{side, width};
      const Buffer<std::int8_t> tokens(rows * grid.values()), grids(2 * copies * grid.values());
      fill(tokens, random);
      fill(grids, random);
      const Buffer<float> scales(rows), grid_scales(2 * copies);
      for (float& each : scales) each = 0.01f + 0.01f * std::abs(random.unit());
      for (float& each : grid_scales) each = 0.01f + 0.01f * std::abs(random.unit());
      const Buffer<std::int32_t> ids(k), firsts(k);
      for (std::int32_t& each : ids) each = random.between(0, rows - 1);
      for (std::int32_t& each : firsts) each = random.between(0, copies);
      const Candidates candidates{
          {tokens.data, rows, grid.values()}, scales.data, ids.data, firsts.data, k};
      const Copies turned{{grids.data, 2 * copies, grid.values()}, grid_scales.data, copies};
      for (const std::size_t keep : {0, 3}) {
        const Buffer<float> got(k), wanted(k), volume(4 * k * places);
        const Buffer<std::int32_t> copy(k), shift(2 * k);
        Pool two(2), one(1);
        relate(grid, candidates, turned, {reach, 0.5f, keep},
               {got.data, copy.data, shift.data, volume.data, volume.data + k * places}, two,
               fast.target);
        relate(grid, candidates, turned, {reach, 0.5f, keep},
               {wanted.data, copy.data, shift.data, nullptr, nullptr}, one, Target::scalar);
        for (std::size_t j = 0; j != k; ++j) {
          const double bound = 8 * static_cast<double>(grid.tokens() + 8) * 0x1p-23;
          tally.close({"relate", fast.target, {side, width, keep}}, j, got[j], wanted[j], bound);
        }
      }
    }
  }
}

}  // namespace

void test_relate(const Functions& fast, Tally& tally) {
  test_dots(fast, tally);
  test_extreme_dots(fast, tally);
  test_weights(fast, tally);
  test_blend(fast, tally);
  test_best(fast, tally);
}

}  // namespace edgegeo

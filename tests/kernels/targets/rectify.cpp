// Samples are the same to the bit where coordinates are exact, else moved by their few roundings.
#include "rectify/rectify.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "buffer.h"
#include "sizes.h"
#include "tests.h"

namespace edgegeo {
namespace {

void fill(const Buffer<std::uint8_t>& values, Random& random) {
  for (std::uint8_t& each : values) each = static_cast<std::uint8_t>(random.bits());
}

// Every half and the middle between it and the next, above and below; then the two zeros.
void test_narrow(const Functions& fast, Tally& tally) {
  std::vector<float> values{0.0f, -0.0f};
  for (int exponent = -15; exponent != 16; ++exponent) {
    for (int step = 0; step != 1024; ++step) {
      const float unit = std::ldexp(1.0f, std::max(exponent, -14) - 10);
      const float at = unit * static_cast<float>(step + (exponent > -15 ? 1024 : 0));
      const float middle = at + unit / 2;
      for (const float each :
           {at, middle, std::nextafter(middle, 0.0f), std::nextafter(middle, 9e9f)}) {
        if (each < 65504) values.push_back(step % 2 == 0 ? each : -each);
      }
    }
  }
  for (const std::size_t n : {std::size_t{1}, std::size_t{7}, std::size_t{9}, values.size()}) {
    const Buffer<Half> got(n), wanted(n);
    fast.stages->narrow(values.data(), n, got.data);
    stages_scalar.narrow(values.data(), n, wanted.data);
    for (std::size_t i = 0; i != n; ++i) {
      tally.same({"narrow", fast.target, {n, i}}, &got[i].bits, &wanted[i].bits, 1);
    }
  }
}

// A plane that ends where memory ends, of noise, or of the largest and the smallest value.
void fill_plane(const Buffer<std::uint16_t>& plane, Random& random, bool extreme) {
  for (std::uint16_t& each : plane) {
    const int value = extreme ? 255 * random.between(0, 1) : random.between(0, 255);
    each = static_cast<std::uint16_t>(value * plane_one);
  }
}

constexpr std::size_t plane_sides[] = {1, 2, 3, 17, 63, 300};
constexpr float unit = 1.0f / (plane_one * 16384);  // a grey value is 1

struct Samples {
  explicit Samples(std::size_t count)
      : first(count, spare), second(count, spare), third(count, spare) {}
  Buffer<float> first, second, third;

  void take(const Stages& stages, const std::vector<Line>& lines, std::size_t stride,
            std::size_t count) const {
    stages.sample(lines.data(), lines.size(), stride, count, unit, first.data, second.data,
                  third.data);
  }
};

Line line_between(const std::uint16_t* cells, std::size_t side, std::size_t count, float x0,
                  float y0, float x1, float y1, float w0, float w1) {
  const auto steps = static_cast<float>(std::max<std::size_t>(count - 1, 1));
  const auto last = static_cast<float>(side - 1);
  return {cells,
          x0 * w0,
          y0 * w0,
          w0,
          (x1 * w1 - x0 * w0) / steps,
          (y1 * w1 - y0 * w0) / steps,
          (w1 - w0) / steps,
          last,
          last};
}

// Places in 1 / 256 with a whole number of steps are exact throughout, and so are the samples.
// Some lie outside: they are brought to the edge.
void test_exact_samples(const Functions& fast, Tally& tally) {
  for (const std::size_t side : plane_sides) {
    Random random(side);
    const std::size_t stride = 3 * (side + 1);
    const Buffer<std::uint16_t> plane(stride * (side + 1) + spare);
    for (int repeat = 0; repeat != 200; ++repeat) {
      fill_plane(plane, random, repeat % 2 == 0);
      const std::size_t count = repeat % 3 == 0 ? 17 : repeat % 3 == 1 ? 1 : lanes;
      const auto last = static_cast<float>(side - 1);
      std::vector<Line> lines(repeat % 4 == 0 ? 4 : 1);
      for (Line& line : lines) {
        const auto of_256 = [&](int reach) {
          return static_cast<float>(random.between(-reach, reach)) / 256;
        };
        const float middle = std::floor(last / 2);
        line = {plane.data,
                middle + of_256(300),
                middle + of_256(300),
                1,
                of_256(256),
                of_256(256),
                0,
                last,
                last};
      }
      const Samples got(count), wanted(count);
      got.take(*fast.stages, lines, stride, count);
      wanted.take(stages_scalar, lines, stride, count);
      const Where where{"sample, exact", fast.target, {side, count}};
      tally.same(where, got.first.data, wanted.first.data, count);
      tally.same(where, got.second.data, wanted.second.data, count);
      tally.same(where, got.third.data, wanted.third.data, count);
    }
  }
}

// Projective lines. x, y and w take two roundings each on their way to a coordinate, x / w two
// more; a target that fuses a product and a sum saves some. Beside scalar that is less than 8 of
// 2^-24 of a coordinate; a fraction is cut to 2^-14. A cell and its neighbour differ by 255.
void test_projective_samples(const Functions& fast, Tally& tally) {
  for (const std::size_t side : plane_sides) {
    Random random(side);
    const std::size_t stride = 3 * (side + 1);
    const Buffer<std::uint16_t> plane(stride * (side + 1) + spare);
    const auto somewhere = [&] { return static_cast<float>(side - 1) * std::abs(random.unit()); };
    for (int repeat = 0; repeat != 200; ++repeat) {
      fill_plane(plane, random, repeat % 2 == 0);
      const std::size_t count = repeat % 3 == 0 ? 17 : lanes;
      std::vector<Line> lines(repeat % 4 == 0 ? 9 : 1);
      for (Line& line : lines) {
        line = line_between(plane.data, side, count, somewhere(), somewhere(), somewhere(),
                            somewhere(), 1 + 0.3f * random.unit(), 1 + 0.3f * random.unit());
      }
      const Samples got(count), wanted(count);
      got.take(*fast.stages, lines, stride, count);
      wanted.take(stages_scalar, lines, stride, count);
      const double moved = 2 * (8 * 0x1p-24 * static_cast<double>(side) + 0x1p-14);
      const double bound = 255 * static_cast<double>(lines.size()) * moved + 1e-3;
      const Where where{"sample", fast.target, {side, count}};
      for (std::size_t i = 0; i != count; ++i) {
        tally.close(where, i, got.first[i], wanted.first[i], bound);
        tally.close(where, i, got.second[i], wanted.second[i], bound);
        tally.close(where, i, got.third[i], wanted.third[i], bound);
      }
    }
  }
}

constexpr double homographies[][9] = {
    {1, 0, 0, 0, 1, 0, 0, 0, 1},
    {0.3, 0.02, 1, -0.02, 0.3, 2, 0, 0, 1},
    {1.7, -0.4, 5, 0.4, 1.7, -6, 0, 0, 1},
    {4.1, 0.9, -8, -0.9, 4.1, 12, 0, 0, 1},
    {2.6, 0.5, 3, -0.3, 2.9, 4, 0.004, -0.003, 1},
    {1, 0, 0, 0, 1, 0, -0.2, 0, 1},  // the horizon crosses the tile
    {1, 0, 0, 0, 1, 0, 0, 0, -1},    // behind the camera
    {0, 0, 0, 0, 0, 0, 0, 0, 0},
    {NAN, 0, 0, 0, 1, 0, 0, 0, 1},
    {INFINITY, 0, 0, 0, 1, 0, 0, 0, 1},
    {1, 0, 1e300, 0, 1, 0, 0, 0, 1},
    {1e-300, 0, 5, 0, 1e-300, 5, 0, 0, 1},
};

// The whole kernel: coverage is the same, and each target is within 0.004 of the exact colour; half
// precision is the float rounded.
void test_images(const Functions& fast, Tally& tally) {
  constexpr std::size_t frames[][2] = {{1, 1}, {1, 40}, {40, 1}, {2, 3}, {37, 53}, {120, 161}};
  for (const auto& [height, width] : frames) {
    Random random(height * width);
    const Buffer<std::uint8_t> pixels(3 * height * width);
    fill(pixels, random);
    for (const std::size_t size : {1, 2, 15, 16, 17, 33}) {
      for (const auto& homography : homographies) {
        const std::size_t area = size * size;
        const Buffer<float> got(4 * area), wanted(4 * area);
        const Buffer<Half> halves(4 * area), rounded(4 * area);
        const Frame frame{pixels.data, height, width, size % 2 == 0};
        rectify(frame, {homography, 1, 9}, size, got.data, fast.target);
        rectify(frame, {homography, 1, 9}, size, wanted.data, Target::scalar);
        rectify(frame, {homography, 1, 9}, size, halves.data, fast.target);
        stages_scalar.narrow(got.data, 4 * area, rounded.data);
        const Where where{"rectify", fast.target, {height, width, size}};
        tally.same(where, got.data + 3 * area, wanted.data + 3 * area, area);
        for (std::size_t i = 0; i != 3 * area; ++i) {
          tally.close(where, i, got[i], wanted[i], 2 * 0.004);
        }
        for (std::size_t i = 0; i != 4 * area; ++i) {
          tally.same(where, &halves[i].bits, &rounded[i].bits, 1);
        }
      }
    }
  }
}

}  // namespace

void test_rectify(const Functions& fast, Tally& tally) {
  test_averaged_frame(fast, tally);
  test_narrow(fast, tally);
  test_exact_samples(fast, tally);
  test_projective_samples(fast, tally);
  test_images(fast, tally);
}

}  // namespace edgegeo

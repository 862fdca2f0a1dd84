// Rows of bytes are the same to the bit; averages are the exact ones rounded, a half either way;
// taps are the same to the bit where coordinates are exact, else moved by their few roundings.
#include "rectify/rectify.h"

#include <algorithm>
#include <cmath>

#include "buffer.h"
#include "sizes.h"
#include "tests.h"

namespace edgegeo {
namespace {

void fill(const Buffer<std::uint8_t>& values, Random& random) {
  for (std::uint8_t& each : values) each = static_cast<std::uint8_t>(random.bits());
}

void test_widen_row(const Functions& fast, Tally& tally) {
  for (const std::size_t pixels : widths()) {
    for (const std::size_t spare : {0, 1, 5}) {
      Random random(pixels);
      const Buffer<std::uint8_t> values(3 * pixels, spare);
      fill(values, random);
      const Buffer<std::uint16_t> got(4 * pixels, spare), wanted(4 * pixels, spare);
      fast.stages->widen_row(values.data, pixels, got.data);
      stages_scalar.widen_row(values.data, pixels, wanted.data);
      tally.same({"widen_row", fast.target, {pixels, spare}}, got.data, wanted.data, 4 * pixels);
    }
  }
}

// 257 rows of 255 are 65,535: the fullest a sum can be, two more than the largest cell has.
void test_add_row(const Functions& fast, Tally& tally) {
  for (const std::size_t n : widths()) {
    for (const std::size_t spare : {0, 1, 5}) {
      Random random(n);
      const Buffer<std::uint8_t> values(n, spare);
      const Buffer<std::uint16_t> got(n, spare), wanted(n, spare);
      for (int row = 0; row != 257; ++row) {
        std::fill(values.begin(), values.end(), std::uint8_t{255});
        if (spare != 0) fill(values, random);
        fast.stages->add_row(values.data, n, got.data);
        stages_scalar.add_row(values.data, n, wanted.data);
        if (row % 64 == 0) {
          tally.same({"add_row", fast.target, {n, spare}}, got.data, wanted.data, n);
        }
      }
    }
  }
}

void test_average_row(const Functions& fast, Tally& tally) {
  for (const std::size_t cells : {0, 1, 2, 3, 4, 7, 8, 9, 33}) {
    for (const std::size_t factor : {1, 2, 3, 4, 5, 7, 8, 16, 31, 255}) {
      for (const std::size_t rows : {1, 2, 7, 16, 255}) {
        Random random(cells + factor + rows);
        const auto brightest = static_cast<int>(255 * rows);
        const Buffer<std::uint16_t> sums(3 * cells * factor + 1);
        for (auto& each : sums) each = static_cast<std::uint16_t>(random.between(0, brightest));
        if (cells == 7) std::fill(sums.begin(), sums.end(), static_cast<std::uint16_t>(brightest));
        const Buffer<std::uint16_t> got(4 * cells), plain(4 * cells);
        const float weight =
            static_cast<float>(plane_one) / static_cast<float>(rows) / static_cast<float>(factor);
        fast.stages->average_row(sums.data, cells, factor, weight, got.data);
        stages_scalar.average_row(sums.data, cells, factor, weight, plain.data);
        for (std::size_t i = 0; i != 4 * cells; ++i) {
          double sum = 0;
          const std::uint16_t* first = sums.data + 3 * (i / 4) * factor + i % 4;
          for (std::size_t j = 0; j != factor && i % 4 != 3; ++j) sum += first[3 * j];
          const double mean = plane_one * sum / static_cast<double>(rows * factor);
          const double bound = i % 4 == 3 ? 0 : 0.51;  // a half goes up or to the even side
          tally.close({"average_row", fast.target, {cells, factor, rows}}, i, got[i], mean, bound);
          tally.close({"average_row", Target::scalar, {cells, factor, rows}}, i, plain[i], mean,
                      bound);
        }
      }
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

constexpr std::size_t plane_sides[] = {2, 3, 4, 17, 18, 63, 300};

Line line_between(float x0, float y0, float x1, float y1, float w0, float w1) {
  const auto steps = static_cast<float>(lanes - 1);
  return {x0 * w0,          y0 * w0, w0, (x1 * w1 - x0 * w0) / steps, (y1 * w1 - y0 * w0) / steps,
          (w1 - w0) / steps};
}

// Coordinates in 1 / 256 are exact in every step, so the taps are the same to the bit; the last
// one may read the last pixel.
void test_exact_taps(const Functions& fast, Tally& tally) {
  for (const std::size_t side : plane_sides) {
    Random random(side);
    const Buffer<std::uint16_t> plane(4 * side * side);
    for (int repeat = 0; repeat != 200; ++repeat) {
      fill_plane(plane, random, repeat % 2 == 0);
      const int last = static_cast<int>(side - 1) * 256 - 1;  // below the last column and row
      const auto steps = static_cast<int>(lanes - 1);
      const int dx = random.between(-(last / steps), last / steps);
      const int dy = random.between(-(last / steps), last / steps);
      // start at either end of what the steps leave, or between
      const auto start = [&](int step) {
        const int low = std::max(0, -steps * step), high = last - std::max(0, steps * step);
        return repeat % 3 == 0 ? low : repeat % 3 == 1 ? high : random.between(low, high);
      };
      const auto of_256 = [](int i) { return static_cast<float>(i) / 256; };
      const Line line{of_256(start(dx)), of_256(start(dy)), 1, of_256(dx), of_256(dy), 0};
      const Buffer<std::int32_t> got(4 * lanes), wanted(4 * lanes);
      fast.stages->add_taps({plane.data, side}, line, got.data);
      fast.stages->add_taps({plane.data, side}, line, got.data);  // sums of two taps
      for (int twice = 0; twice != 2; ++twice) {
        stages_scalar.add_taps({plane.data, side}, line, wanted.data);
      }
      for (std::size_t i = 0; i != lanes; ++i) {  // the fourth value means nothing
        tally.same({"add_taps, exact", fast.target, {side, i}}, &got[4 * i], &wanted[4 * i], 3);
      }
    }
  }
}

// Projective lines. x, y and w take two roundings each on their way to a coordinate, x / w two
// more; a target that fuses a product and a sum saves some. Beside scalar that is less than 8 of
// 2^-24 of a coordinate; a fraction is cut to 2^-15; a blend is rounded twice. A pixel and its
// neighbour differ by 255 * plane_one at most.
void test_projective_taps(const Functions& fast, Tally& tally) {
  for (const std::size_t side : plane_sides) {
    Random random(side);
    const Buffer<std::uint16_t> plane(4 * side * side);
    const auto far = static_cast<float>(side - 1) - 0.01f;  // the margin in rectify.cpp
    const auto somewhere = [&] { return 0.01f + (far - 0.01f) * std::abs(random.unit()); };
    for (int repeat = 0; repeat != 200; ++repeat) {
      fill_plane(plane, random, repeat % 2 == 0);
      const Line line = line_between(somewhere(), somewhere(), somewhere(), somewhere(),
                                     1 + 0.3f * random.unit(), 1 + 0.3f * random.unit());
      const Buffer<std::int32_t> got(4 * lanes), wanted(4 * lanes);
      fast.stages->add_taps({plane.data, side}, line, got.data);
      stages_scalar.add_taps({plane.data, side}, line, wanted.data);
      const double moved = 2 * (8 * 0x1p-24 * static_cast<double>(side) + 0x1p-15);
      for (std::size_t i = 0; i != 4 * lanes; ++i) {
        if (i % 4 == 3) continue;
        tally.close({"add_taps", fast.target, {side}}, i, got[i], wanted[i],
                    255 * plane_one * moved + 2);
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

// The whole kernel: coverage is the same, and each target is within 0.02 of the exact colour.
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
        const Frame frame{pixels.data, height, width, size % 2 == 0};
        rectify(frame, {homography, 1, 9}, size, got.data, fast.target);
        rectify(frame, {homography, 1, 9}, size, wanted.data, Target::scalar);
        const Where where{"rectify", fast.target, {height, width, size}};
        tally.same(where, got.data + 3 * area, wanted.data + 3 * area, area);
        for (std::size_t i = 0; i != 3 * area; ++i) {
          tally.close(where, i, got[i], wanted[i], 2 * 0.02);
        }
      }
    }
  }
}

}  // namespace

void test_rectify(const Functions& fast, Tally& tally) {
  test_widen_row(fast, tally);
  test_add_row(fast, tally);
  test_average_row(fast, tally);
  test_exact_taps(fast, tally);
  test_projective_taps(fast, tally);
  test_images(fast, tally);
}

}  // namespace edgegeo

// What makes the averaged frame of rectify is the same to the bit on every target.
#include <algorithm>

#include "buffer.h"
#include "rectify/plane.h"
#include "sizes.h"
#include "tests.h"

namespace edgegeo {
namespace {

void fill(const Buffer<std::uint8_t>& values, Random& random) {
  for (std::uint8_t& each : values) each = static_cast<std::uint8_t>(random.bits());
}

void test_widen(const Functions& fast, Tally& tally) {
  for (const std::size_t n : widths()) {
    for (const std::size_t behind : {0, 1, 5}) {
      Random random(n);
      const Buffer<std::uint8_t> values(n, behind);
      fill(values, random);
      const Buffer<std::uint16_t> got(n, spare + behind), wanted(n, spare + behind);
      fast.stages->widen(values.data, n, got.data);
      stages_scalar.widen(values.data, n, wanted.data);
      tally.same({"widen", fast.target, {n, behind}}, got.data, wanted.data, n);
    }
  }
}

// 255 rows of 255 are the fullest a sum can be. The last row ends where memory ends.
void test_sum_rows(const Functions& fast, Tally& tally) {
  for (const std::size_t n : widths()) {
    for (const std::size_t rows : {1, 2, 3, 16, 255}) {
      for (const std::size_t apart : {0, 1, 5}) {
        Random random(n + rows);
        const std::size_t stride = n + apart;
        const Buffer<std::uint8_t> values((rows - 1) * stride + n);
        std::fill(values.begin(), values.end(), std::uint8_t{255});
        if (apart != 0) fill(values, random);
        const Buffer<std::uint16_t> got(n, spare), wanted(n, spare);
        fast.stages->sum_rows(values.data, stride, rows, n, got.data);
        stages_scalar.sum_rows(values.data, stride, rows, n, wanted.data);
        tally.same({"sum_rows", fast.target, {n, rows, apart}}, got.data, wanted.data, n);
      }
    }
  }
}

// Whole cells of a region, and one that an edge cuts; all of the brightest and of anything.
void test_average_row(const Functions& fast, Tally& tally) {
  for (const std::size_t cells : {0, 1, 2, 3, 4, 7, 8, 9, 33}) {
    for (const std::size_t factor : {1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 255}) {
      for (const bool brightest : {false, true}) {
        for (const std::size_t rows : {std::size_t{1}, factor, std::size_t{255}}) {
          if (rows > factor && cells > 1) continue;  // only the last cell of a row may be narrower
          Random random(cells + factor + rows);
          const Buffer<std::uint16_t> sums(3 * cells * factor + spare);
          const auto most = static_cast<int>(255 * rows);
          for (auto& each : sums) {
            each = static_cast<std::uint16_t>(brightest ? most : random.between(0, most));
          }
          const Mean mean = mean_of(factor * rows);
          const Buffer<std::uint16_t> got(3 * cells + spare), wanted(3 * cells + spare);
          fast.stages->average_row(sums.data, cells, factor, mean, got.data);
          stages_scalar.average_row(sums.data, cells, factor, mean, wanted.data);
          const Where where{"average_row", fast.target, {cells, factor, rows}};
          tally.same(where, got.data, wanted.data, 3 * cells);
          for (std::size_t i = 0; i != 3 * cells; ++i) {
            double sum = 0;
            const std::uint16_t* first = sums.data + 3 * (i / 3) * factor + i % 3;
            for (std::size_t j = 0; j != factor; ++j) sum += first[3 * j];
            const double exact = plane_one * sum / static_cast<double>(rows * factor);
            tally.close({"average_row", Target::scalar, {cells, factor, rows}}, i, wanted[i], exact,
                        2);  // a sum and a product rounded down, and the weight of 16 bits
          }
        }
      }
    }
  }
}

void test_average_pairs(const Functions& fast, Tally& tally) {
  for (const std::size_t cells : widths()) {
    Random random(cells);
    const Buffer<std::uint8_t> upper(6 * cells), lower(6 * cells);
    std::fill(upper.begin(), upper.end(), std::uint8_t{255});
    std::fill(lower.begin(), lower.end(), std::uint8_t{255});
    if (cells % 2 == 0) fill(upper, random), fill(lower, random);
    const Buffer<std::uint16_t> got(3 * cells, spare), wanted(3 * cells, spare);
    fast.stages->average_pairs(upper.data, lower.data, cells, got.data);
    stages_scalar.average_pairs(upper.data, lower.data, cells, wanted.data);
    tally.same({"average_pairs", fast.target, {cells}}, got.data, wanted.data, 3 * cells);
  }
}

void test_smooth(const Functions& fast, Tally& tally) {
  for (const std::size_t n : widths()) {
    for (const int share : {1, 11000, 21845}) {
      Random random(n + static_cast<std::size_t>(share));
      const Buffer<std::uint16_t> a(n), b(n), c(n);
      for (const auto* row : {&a, &b, &c}) {
        for (auto& each : *row)
          each = static_cast<std::uint16_t>(random.between(0, 255 * plane_one));
      }
      const Buffer<std::uint16_t> got(n, spare), wanted(n, spare);
      const auto by = static_cast<std::int16_t>(share);
      fast.stages->smooth(a.data, b.data, c.data, n, by, got.data);
      stages_scalar.smooth(a.data, b.data, c.data, n, by, wanted.data);
      tally.same({"smooth", fast.target, {n, static_cast<std::size_t>(share)}}, got.data,
                 wanted.data, n);
    }
  }
}

}  // namespace

void test_averaged_frame(const Functions& fast, Tally& tally) {
  test_widen(fast, tally);
  test_sum_rows(fast, tally);
  test_average_row(fast, tally);
  test_average_pairs(fast, tally);
  test_smooth(fast, tally);
}

}  // namespace edgegeo

#include "rectify.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "plan.h"
#include "stages.h"

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

// Average the cells of a region into 4 words a cell. The last cell of a row or column may be
// cut by the frame's edge: it averages what there is.
std::unique_ptr<std::uint16_t[]> average(Frame frame, Region region, std::size_t cell,
                                         const Stages& stages) {
  std::unique_ptr<std::uint16_t[]> plane(new std::uint16_t[4 * region.rows * region.cols]);
  const std::size_t left = region.left * cell;
  const std::size_t pixels = std::min(frame.width, left + region.cols * cell) - left;
  const std::size_t whole = pixels / cell, rest = pixels % cell;
  std::vector<std::uint16_t> sums(3 * pixels + 1);

  for (std::size_t row = 0; row != region.rows; ++row) {
    std::uint16_t* to = plane.get() + 4 * row * region.cols;
    const std::size_t top = (region.top + row) * cell;
    const std::size_t stop = std::min(frame.height, top + cell);
    const std::uint8_t* from = frame.data + 3 * (top * frame.width + left);
    if (cell == 1) {
      stages.widen_row(from, pixels, to);
      continue;
    }
    std::fill(sums.begin(), sums.end(), std::uint16_t{0});
    for (std::size_t y = top; y != stop; ++y, from += 3 * frame.width) {
      stages.add_row(from, 3 * pixels, sums.data());
    }
    const float weight = static_cast<float>(plane_one) / static_cast<float>(stop - top);
    stages.average_row(sums.data(), whole, cell, weight / static_cast<float>(cell), to);
    if (rest != 0) {
      stages.average_row(sums.data() + 3 * whole * cell, 1, rest, weight / static_cast<float>(rest),
                         to + 4 * whole);
    }
  }
  return plane;
}

// One copy's warp onto the averaged plane, and the part of the plane that is frame.
struct PlaneView {
  double h[9];  // tile pixel -> plane cell, w about 1 at the tile's centre
  double left, right, top, bottom;
  Region region;
};

PlaneView onto_plane(const double* homography, Frame frame, Region region, std::size_t cell,
                     std::size_t size) noexcept {
  const double centre = static_cast<double>(size - 1) / 2, side = static_cast<double>(cell);
  const double w = warp(homography, centre, centre).w;
  const double scale = w > 0 && std::isfinite(w) ? 1 / w : 1;
  // (x + 0.5) / side - 0.5 - left, for x and y alike
  const double shift_x = 0.5 / side - 0.5 - static_cast<double>(region.left);
  const double shift_y = 0.5 / side - 0.5 - static_cast<double>(region.top);
  PlaneView view{};
  for (std::size_t i = 0; i != 3; ++i) {
    const double last = homography[6 + i] * scale;
    view.h[i] = homography[i] * scale / side + shift_x * last;
    view.h[3 + i] = homography[3 + i] * scale / side + shift_y * last;
    view.h[6 + i] = last;
  }
  view.left = -0.5 - static_cast<double>(region.left);
  view.right = static_cast<double>(frame.width) / side - 0.5 - static_cast<double>(region.left);
  view.top = -0.5 - static_cast<double>(region.top);
  view.bottom = static_cast<double>(frame.height) / side - 0.5 - static_cast<double>(region.top);
  view.region = region;
  return view;
}

enum class Place { inside, outside, mixed };

// Where a strip of output pixels falls. A projective map keeps the strip convex while w > 0,
// so its four corners decide.
Place place(const PlaneView& view, double u, double v, double count) noexcept {
  constexpr double margin = 0.01;  // above the rounding of the float path
  const double last_col = static_cast<double>(view.region.cols) - 1 - margin;
  const double last_row = static_cast<double>(view.region.rows) - 1 - margin;
  bool inside = true;
  int visible = 0, left = 0, right = 0, above = 0, below = 0;
  for (const double du : {-0.5, count - 0.5}) {
    for (const double dv : {-0.5, 0.5}) {
      const Warped at = warp(view.h, u + du, v + dv);
      if (!at.visible()) continue;
      const double x = at.x / at.w, y = at.y / at.w;
      ++visible, left += x<view.left, right += x> view.right;
      above += y<view.top, below += y> view.bottom;
      inside = inside && x >= margin && x <= last_col && y >= margin && y <= last_row;
    }
  }
  if (visible == 0) return Place::outside;
  if (visible != 4) return Place::mixed;
  if (left == 4 || right == 4 || above == 4 || below == 4) return Place::outside;
  return inside ? Place::inside : Place::mixed;
}

// One output pixel near the frame's edge: every tap is tested, neighbours are clamped.
int sum_taps(const PlaneView& view, const std::uint16_t* plane, double u, double v,
             std::size_t taps, std::int32_t* total) noexcept {
  const double step = 1 / static_cast<double>(taps);
  const std::size_t last_col = view.region.cols - 1, last_row = view.region.rows - 1;
  int count = 0;
  for (std::size_t j = 0; j != taps; ++j) {
    for (std::size_t i = 0; i != taps; ++i) {
      const Warped at = warp(view.h, u - 0.5 + (static_cast<double>(i) + 0.5) * step,
                             v - 0.5 + (static_cast<double>(j) + 0.5) * step);
      const double tap_x = at.x / at.w, tap_y = at.y / at.w;
      if (!at.visible() || !(tap_x >= view.left && tap_x <= view.right) ||
          !(tap_y >= view.top && tap_y <= view.bottom)) {
        continue;
      }
      ++count;
      const double x = std::clamp(tap_x, 0.0, static_cast<double>(last_col));
      const double y = std::clamp(tap_y, 0.0, static_cast<double>(last_row));
      const auto col = static_cast<std::size_t>(x), row = static_cast<std::size_t>(y);
      const auto fx = static_cast<float>(x - static_cast<double>(col));
      const auto fy = static_cast<float>(y - static_cast<double>(row));
      const std::uint16_t* upper = plane + 4 * (row * view.region.cols + col);
      const std::uint16_t* lower = row == last_row ? upper : upper + 4 * view.region.cols;
      const std::size_t next = col == last_col ? 0 : 4;
      for (std::size_t c = 0; c != 3; ++c) {
        const auto a = static_cast<float>(upper[c]), b = static_cast<float>(upper[c + next]);
        const auto d = static_cast<float>(lower[c]), e = static_cast<float>(lower[c + next]);
        const float tap = (a + fx * (b - a)) * (1 - fy) + (d + fx * (e - d)) * fy;
        total[c] += static_cast<std::int32_t>(tap + 0.5f);
      }
    }
  }
  return count;
}

// All taps of `lanes` output pixels that fall inside the plane.
void sum_strip(const PlaneView& view, const std::uint16_t* plane, double u, double v,
               std::size_t taps, const Stages& stages, std::int32_t* total) noexcept {
  const double step = 1 / static_cast<double>(taps);
  const auto dx = static_cast<float>(view.h[0]), dy = static_cast<float>(view.h[3]),
             dw = static_cast<float>(view.h[6]);
  for (std::size_t j = 0; j != taps; ++j) {
    for (std::size_t i = 0; i != taps; ++i) {
      const Warped at = warp(view.h, u - 0.5 + (static_cast<double>(i) + 0.5) * step,
                             v - 0.5 + (static_cast<double>(j) + 0.5) * step);
      const Line line{
          static_cast<float>(at.x), static_cast<float>(at.y), static_cast<float>(at.w), dx, dy, dw};
      stages.add_taps({plane, view.region.cols}, line, total);
    }
  }
}

// Sums of taps to normalised colours and coverage, in the planes of one copy.
void write(const std::int32_t* total, const int* counts, std::size_t count, std::size_t taps,
           bool bgr, std::size_t area, float* out) noexcept {
  const float every = static_cast<float>(taps * taps);
  for (std::size_t i = 0; i != count; ++i) {
    const auto inside = static_cast<float>(counts[i]);
    const float scale = counts[i] == 0 ? 0.0f : 1.0f / (0.25f * 255.0f * plane_one * inside);
    const float offset = counts[i] == 0 ? 0.0f : 2.0f;
    for (std::size_t c = 0; c != 3; ++c) {
      out[c * area + i] = static_cast<float>(total[4 * i + (bgr ? 2 - c : c)]) * scale - offset;
    }
    out[3 * area + i] = inside / every;
  }
}

void render(const PlaneView& view, const std::uint16_t* plane, std::size_t size, std::size_t taps,
            bool bgr, const Stages& stages, float* out) noexcept {
  for (std::size_t v = 0; v != size; ++v) {
    for (std::size_t start = 0; start < size; start += lanes) {
      // the last strip of a row steps back to stay whole
      const std::size_t u = size >= lanes ? std::min(start, size - lanes) : start;
      const std::size_t count = std::min(lanes, size - u);
      const auto left = static_cast<double>(u), row = static_cast<double>(v);
      std::int32_t total[4 * lanes] = {};
      int counts[lanes] = {};
      const Place where = place(view, left, row, static_cast<double>(count));
      if (where == Place::inside && count == lanes) {
        sum_strip(view, plane, left, row, taps, stages, total);
        std::fill_n(counts, lanes, static_cast<int>(taps * taps));
      } else if (where != Place::outside) {
        for (std::size_t i = 0; i != count; ++i) {
          const double at = left + static_cast<double>(i);
          counts[i] = sum_taps(view, plane, at, row, taps, total + 4 * i);
        }
      }
      write(total, counts, count, taps, bgr, size * size, out + v * size + u);
    }
  }
}

}  // namespace

void rectify(Frame frame, View<const double> homographies, std::size_t size, float* out,
             Target target) {
  const std::size_t copy_size = 4 * size * size;
  const std::size_t cell = cell_side(homographies, size);
  const Region region = region_read(frame, homographies, size, cell);
  if (region.cols == 0 || region.rows == 0) {
    std::fill_n(out, homographies.rows * copy_size, 0.0f);
    return;
  }
  const Stages& stages = stages_for(target);
  const auto plane = average(frame, region, cell, stages);
  for (std::size_t copy = 0; copy != homographies.rows; ++copy) {
    const double* homography = homographies.row(copy);
    const PlaneView view = onto_plane(homography, frame, region, cell, size);
    const std::size_t taps = taps_a_side(homography, size, cell);
    render(view, plane.get(), size, taps, frame.bgr, stages, out + copy * copy_size);
  }
}

}  // namespace edgegeo

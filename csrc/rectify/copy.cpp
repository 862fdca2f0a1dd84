#include "copy.h"

#include <algorithm>
#include <cmath>

namespace edgegeo {
namespace {

constexpr int points = 4;         // a side, by which the coverage of a pixel is measured
constexpr double slack = 0.001;   // frame pixels that a point inside may lie outside
constexpr double least_w = 1e-6;  // of that at the tile's centre: the horizon
constexpr float colour_scale = 1 / (0.25f * 255.0f);

// Into [0, last]; NaN becomes 0.
double into(double x, double last) noexcept { return x > 0 ? std::min(x, last) : 0; }

}  // namespace

Copy::Copy(const double* homography, std::size_t size, std::size_t taps, Frame frame,
           const AveragedFrame& averaged, Grain grain, const Stages& stages) noexcept
    : last_col_(static_cast<double>(averaged.region().cols()) - 1),
      last_row_(static_cast<double>(averaged.region().rows()) - 1),
      size_(size),
      taps_(taps),
      bgr_(frame.bgr),
      plane_(averaged.plane()),
      stages_(stages) {
  const double centre = static_cast<double>(size - 1) / 2, side = static_cast<double>(grain.cell);
  const double w = warp(homography, centre, centre).w;
  const double scale = w > 0 && std::isfinite(w) ? 1 / w : 1;
  const auto left = static_cast<double>(averaged.region().left);
  const auto top = static_cast<double>(averaged.region().top);
  // (x + 0.5) / side - 0.5 - left, for x and y alike
  const double shift_x = 0.5 / side - 0.5 - left, shift_y = 0.5 / side - 0.5 - top;
  for (std::size_t i = 0; i != 3; ++i) {
    const double last = homography[6 + i] * scale;
    h_[i] = homography[i] * scale / side + shift_x * last;
    h_[3 + i] = homography[3 + i] * scale / side + shift_y * last;
    h_[6 + i] = last;
  }
  const double west = -0.5 - left - slack / side, north = -0.5 - top - slack / side;
  const double east = (static_cast<double>(frame.width) + slack) / side - 0.5 - left;
  const double south = (static_cast<double>(frame.height) + slack) / side - 0.5 - top;
  const auto edge = [&](double sign, std::size_t row, double limit) {
    const double* axis = h_ + 3 * row;
    return Edge{sign * (axis[0] - limit * h_[6]), sign * (axis[1] - limit * h_[7]),
                sign * (axis[2] - limit * h_[8])};
  };
  edges_ = {{{h_[6], h_[7], h_[8] - least_w},
             edge(1, 0, west),
             edge(-1, 0, east),
             edge(1, 1, north),
             edge(-1, 1, south)}};
}

// The pixels of a row that may touch the frame, or those that lie in it as a whole; none of them
// reaches the horizon. Where w > 0 the frame's edges are lines on the tile, so each of them leaves
// one side of the row.
Span Copy::span(double v, bool whole) const noexcept {
  double first = 0, last = static_cast<double>(size_) - 1;
  for (const Edge& edge : edges_) {
    const double reach = (std::abs(edge.a) + std::abs(edge.b)) / 2;  // to a pixel's corner
    const bool nearest = whole || &edge == edges_.data();
    const double at = edge.b * v + edge.c + (nearest ? -reach : reach);
    if (edge.a > 0) {
      first = std::max(first, std::ceil(-at / edge.a));
    } else if (edge.a < 0) {
      last = std::min(last, std::floor(at / -edge.a));
    } else if (!(at >= 0)) {
      return {0, 0};
    }
  }
  if (!(first <= last)) return {0, 0};
  return {static_cast<std::size_t>(first), static_cast<std::size_t>(last) + 1};
}

void Copy::colours(double u, double v, std::size_t count, float* first, float* second,
                   float* third) const noexcept {
  Line lines[most_taps * most_taps];
  const double step = 1 / static_cast<double>(taps_), along = static_cast<double>(count - 1);
  Line* line = lines;
  for (std::size_t j = 0; j != taps_; ++j) {
    for (std::size_t i = 0; i != taps_; ++i) {
      const double tap_u = u - 0.5 + (static_cast<double>(i) + 0.5) * step;
      const double tap_v = v - 0.5 + (static_cast<double>(j) + 0.5) * step;
      const Warped start = warp(h_, tap_u, tap_v), stop = warp(h_, tap_u + along, tap_v);
      // counted from the corner of the taps, so that single precision is enough
      const double col = std::floor(into(std::min(start.x / start.w, stop.x / stop.w), last_col_));
      const double row = std::floor(into(std::min(start.y / start.w, stop.y / stop.w), last_row_));
      const std::size_t corner =
          static_cast<std::size_t>(row) * plane_.stride + 3 * static_cast<std::size_t>(col);
      *line++ = {plane_.data + corner,
                 static_cast<float>(start.x - col * start.w),
                 static_cast<float>(start.y - row * start.w),
                 static_cast<float>(start.w),
                 static_cast<float>(h_[0] - col * h_[6]),
                 static_cast<float>(h_[3] - row * h_[6]),
                 static_cast<float>(h_[6]),
                 static_cast<float>(last_col_ - col),
                 static_cast<float>(last_row_ - row)};
    }
  }
  const auto unit = static_cast<float>(plane_one * 16384);
  const float scale = colour_scale / (static_cast<float>(taps_ * taps_) * unit);
  stages_.sample(lines, taps_ * taps_, plane_.stride, count, scale, first, second, third);
}

// The share of a pixel that the frame covers.
float Copy::coverage(double u, double v) const noexcept {
  int inside = 0;
  for (int j = 0; j != points; ++j) {
    for (int i = 0; i != points; ++i) {
      const double at_u = u + (i + 0.5) / points - 0.5, at_v = v + (j + 0.5) / points - 0.5;
      bool in = true;
      for (const Edge& edge : edges_) in &= edge.a * at_u + edge.b * at_v + edge.c >= 0;
      inside += in;
    }
  }
  return static_cast<float>(inside) / (points * points);
}

void Copy::sample(std::size_t row, std::size_t start, std::size_t stop,
                  float (*out)[lanes + spare]) const noexcept {
  const auto v = static_cast<double>(row);
  const auto cut = [&](Span span) {
    return Span{std::clamp(span.start, start, stop), std::clamp(span.stop, start, stop)};
  };
  const Span some = cut(span(v, false)), whole = cut(span(v, true));
  const auto clear = [&](std::size_t from, std::size_t to) {
    for (std::size_t c = 0; c != 4; ++c)
      std::fill(out[c] + from - start, out[c] + to - start, 0.0f);
  };
  if (some.start != some.stop) {
    const std::size_t at = some.start - start;
    colours(static_cast<double>(some.start), v, some.stop - some.start, out[bgr_ ? 2 : 0] + at,
            out[1] + at, out[bgr_ ? 0 : 2] + at);
  }
  clear(start, some.start);
  clear(some.stop, stop);
  std::fill(out[3] + (whole.start - start), out[3] + (whole.stop - start), 1.0f);
  for (std::size_t u = some.start; u != some.stop; ++u) {
    if (u == whole.start && whole.stop > u) u = whole.stop;
    if (u == some.stop) break;
    out[3][u - start] = coverage(static_cast<double>(u), v);
    if (out[3][u - start] == 0) clear(u, u + 1);
  }
}

}  // namespace edgegeo

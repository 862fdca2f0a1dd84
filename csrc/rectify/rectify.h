// A frame to the network's input in one pass: projective warp, area antialiasing, R copies,
// normalisation, coverage.
//
//   frame        (h, w, 3) u8, channels B, G, R or R, G, B
//   homographies (r, 9)    f64, row-major 3x3: tile pixel (u, v, 1) -> frame pixel (x, y, w)
//   out          (r, 4, size, size) f32: R, G, B as (value / 255 - 0.5) / 0.25, then coverage
//
// Pixels     centres at integers; a tap is inside when -0.5 <= x <= width - 0.5, the same for
//            y, and w > 0.
// Shrink     s = sqrt|det J| of the warp at the tile's centre, the smallest of the R copies.
//            The frame is averaged once over f x f cells, f = max(1, floor(s / 2.25 + 0.5)),
//            only where a copy looks. Then each output pixel is the mean of n x n bilinear
//            taps spread evenly over its footprint, n = ceil(g / f - 0.35) in [1, 16], where
//            g is the longest side of a pixel's footprint at the tile's centre and corners.
// Coverage   share of a pixel's taps inside the frame. Colours average the inside taps only
//            and are 0 where coverage is 0.
// Precision  |error| <= 0.02 of a normalised value beside the same sums in float64; coverage
//            is the same on every target.
// Contract   h, w, size >= 1 and h * w < 2^28, checked by the caller; any homography is safe,
//            one that is not finite gives coverage 0. Allocates the averaged frame: at most
//            8 * h * w bytes, about 8 * h * w / f^2.
#pragma once
#include "../cpu.h"
#include "../view.h"

namespace edgegeo {

struct Frame {
  const std::uint8_t* data;
  std::size_t height;
  std::size_t width;
  bool bgr;
};

void rectify(Frame frame, View<const double> homographies, std::size_t size, float* out,
             Target target);

}  // namespace edgegeo

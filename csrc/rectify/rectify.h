// A frame to the network's input: projective warp, area antialiasing, R copies, normalisation,
// coverage.
//
//   frame        (h, w, 3) u8, channels B, G, R or R, G, B
//   homographies (r, 9)    f64, row-major 3x3: tile pixel (u, v, 1) -> frame pixel (x, y, w)
//   out          (r, 4, size, size) f32 or f16: R, G, B as (value / 255 - 0.5) / 0.25, coverage
//
// Pixels     centres at integers; a point is inside when -0.5 <= x <= width - 0.5, the same for
//            y (to 0.001), and w > 0.
// Shrink     s = sqrt|det J| of a copy's warp at its centre, to the nearest quarter of an octave,
//            at least 1. The frame is averaged over f x f cells, f = max(1, floor(s / 2.2 + 0.5));
//            a cell takes its neighbours in by a box of b x b cells, b = s / f - 0.3 in [1, 3];
//            each output pixel is the mean of n x n bilinear taps spread evenly over its
//            footprint, n = ceil(g / (f (b + 0.3)) - 0.35) in [1, 16], where g is the longest
//            side of a pixel's footprint at the tile's centre and corners. So without tilt n is
//            1: cell, box and tap together have the footprint's second moment. Copies of like
//            shrink share the averaged frame, which is made only where they look; what a copy
//            gets does not depend on the others.
// Coverage   share of a pixel's 4 x 4 points inside the frame; 1 where its corners are, 0 where
//            one is at the horizon, w < 1e-6 of that at the tile's centre. A tap outside reads
//            the frame's nearest cell; colours are 0 where coverage is 0.
// Precision  |error| <= 0.004 of a normalised value beside the same sums in float64, and half a
//            unit of f16 where that is asked for; coverage is the same on every target.
// Aliasing   the rms error beside the mean of the bilinear frame over the exact footprint is at
//            most 0.6 of what that leaves of white noise, the hardest there is, for any turn and
//            s in [0.5, 32]. Bare bilinear taps have 1 at s = 2 and 8 at s = 12. Where the pixels
//            of tile and frame meet, those of the frame are returned.
// Threads    of the pool, or the caller's where it is null; they change nothing.
// Contract   h, w, size >= 1 and h * w < 2^28, checked by the caller; any homography is safe,
//            one that is not finite gives coverage 0. Allocates the averaged frame: about
//            6 * h * w / f^2 bytes.
#pragma once
#include "../cpu.h"
#include "../pool.h"
#include "../view.h"

namespace edgegeo {

struct Frame {
  const std::uint8_t* data;
  std::size_t height;
  std::size_t width;
  bool bgr;
};

template <class Out>  // float or Half
void rectify(Frame frame, View<const double> homographies, std::size_t size, Out* out,
             Target target, Pool* pool = nullptr);

}  // namespace edgegeo

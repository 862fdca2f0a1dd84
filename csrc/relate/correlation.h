// One candidate, and how grids lie on it at one resolution.
#pragma once
#include <limits>

#include "grid.h"
#include "steps.h"

namespace edgegeo {

struct Best {
  float score = -std::numeric_limits<float>::infinity();
  std::int32_t copy = 0, dy = 0, dx = 0;
};

// A grid that slides over the candidate: entry `at` of `weighed`.
struct Over {
  const std::int8_t* values;
  const Weighed* weighed;
  std::size_t at;
  double scale;  // of one unit of its values times one of the candidate's
  std::int32_t copy;
};

class Correlation {
 public:
  Correlation(Grid grid, std::size_t reach, float power, const Steps& steps);
  Correlation(const Correlation&) = delete;

  // Take the candidate that grids slide over from now on.
  void lay(const std::int8_t* values) noexcept;

  // Improve `best` by the shifts within `window` of (dy, dx), as far as the reach goes.
  void around(const Over& over, std::int32_t dy, std::int32_t dx, std::int32_t window,
              Best& best) noexcept;

  // Improve `best` by all shifts; write their cosines and overlaps (s, s) unless null.
  void everywhere(const Over& over, Best& best, float* cosine, float* overlap) noexcept;

 private:
  // Shifts of one dy from `west` to `east`, both included.
  struct Stretch {
    std::int32_t dy, west, east;
  };
  void along(const Over& over, Stretch stretch, Best& best, float* cosine, float* overlap) noexcept;

  std::int32_t reach_;
  float power_;
  float most_;  // that a score can be of its cosine
  const Steps& steps_;
  // Rows of the candidate with room for shifts on both sides; what is outside stays 0.
  std::size_t row_values_, row_lengths_;
  Weighed candidate_;
  std::vector<unsigned char> packed_;
  std::vector<float> lengths_;
  std::vector<std::int32_t> dots_;
  std::vector<float> sums_;
};

}  // namespace edgegeo

// The awkward sizes, and values that are the same in every run.
#pragma once
#include <random>
#include <vector>

#include "view.h"

namespace edgegeo {

// Below, at and above every vector width and twice it, then some wide ones.
inline std::vector<std::size_t> widths() {
  std::vector<std::size_t> all;
  for (std::size_t d = 0; d <= 70; ++d) all.push_back(d);
  all.insert(all.end(), {127, 128, 129, 255, 256, 257, 512, 1001});
  return all;
}

class Random {
 public:
  explicit Random(std::size_t seed) : engine_(static_cast<std::uint32_t>(seed)) {}

  std::uint32_t bits() { return static_cast<std::uint32_t>(engine_()); }
  int between(int low, int high) {  // both included
    return low + static_cast<int>(bits() % static_cast<std::uint32_t>(high - low + 1));
  }
  float unit() { return static_cast<float>(between(-(1 << 24), 1 << 24)) * 0x1p-24f; }

 private:
  std::mt19937 engine_;
};

}  // namespace edgegeo

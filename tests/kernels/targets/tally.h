// Counts what was compared and prints what differs: the first few, with the sizes of the call.
#pragma once
#include <cmath>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <type_traits>

#include "cpu.h"

namespace edgegeo {

struct Where {
  const char* function;
  Target target;
  std::initializer_list<std::size_t> sizes;
};

class Tally {
 public:
  // Equal to the bit; any NaN is as good as another.
  template <class T>
  void same(const Where& where, const T* got, const T* wanted, std::size_t n) {
    for (std::size_t i = 0; i != n; ++i) {
      ++compared_;
      bool equal = std::memcmp(got + i, wanted + i, sizeof(T)) == 0;
      if constexpr (std::is_floating_point_v<T>) {
        equal = equal || (std::isnan(got[i]) && std::isnan(wanted[i]));
      }
      if (!equal) differs(where, i, static_cast<double>(got[i]), static_cast<double>(wanted[i]), 0);
    }
  }

  // Finite values differ by at most `bound`; NaN is met by NaN, an infinity by the same one.
  void close(const Where& where, std::size_t i, double got, double wanted, double bound) {
    ++compared_;
    if (std::isnan(wanted) ? std::isnan(got) : got == wanted) return;
    const double error = std::abs(got - wanted);
    if (!(error <= bound)) return differs(where, i, got, wanted, bound);
    worst_ = std::fmax(worst_, error / bound);
  }

  void print() const {
    std::printf("  %zu values, %zu differ; the largest error is %.3f of its bound\n", compared_,
                differing_, worst_);
  }

  bool passed() const { return compared_ != 0 && differing_ == 0; }

 private:
  void differs(const Where& where, std::size_t i, double got, double wanted, double bound) {
    if (++differing_ > 10) return;
    std::printf("  %s %s(", name(where.target).data(), where.function);
    for (const std::size_t each : where.sizes) std::printf(" %zu", each);
    std::printf(" ) at %zu: %.9g, expected %.9g within %.3g\n", i, got, wanted, bound);
  }

  std::size_t compared_ = 0, differing_ = 0;
  double worst_ = 0;
};

}  // namespace edgegeo

#include "cpu.h"

#if defined(EDGEGEO_HAS_AVX2)
#include <cpuid.h>
#endif
#if defined(EDGEGEO_HAS_NEON)
#include <sys/auxv.h>
#endif

namespace edgegeo {
namespace {

#if defined(EDGEGEO_HAS_AVX2)
bool runs_avx2() noexcept {
  constexpr unsigned fma = 1u << 12, osxsave = 1u << 27, avx = 1u << 28, f16c = 1u << 29;
  constexpr unsigned wanted = fma | osxsave | avx | f16c, avx2 = 1u << 5;
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0 || (ecx & wanted) != wanted) return false;

  unsigned saved = 0, high = 0;  // XCR0: bits 1 and 2 say that the kernel saves xmm and ymm
  __asm__("xgetbv" : "=a"(saved), "=d"(high) : "c"(0));
  if ((saved & 6u) != 6u) return false;

  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (ebx & avx2) != 0;
}
#endif

#if defined(EDGEGEO_HAS_NEON)
bool runs_dotprod() noexcept {
  constexpr unsigned long asimddp = 1ul << 20;  // HWCAP_ASIMDDP, which old headers lack
  return (getauxval(AT_HWCAP) & asimddp) != 0;
}
#endif

}  // namespace

std::string_view name(Target target) noexcept {
  switch (target) {
    case Target::avx2:
      return "avx2";
    case Target::neon:
      return "neon";
    case Target::dotprod:
      return "dotprod";
    default:
      return "scalar";
  }
}

std::vector<Target> targets() {
  std::vector<Target> found{Target::scalar};
#if defined(EDGEGEO_HAS_AVX2)
  if (runs_avx2()) found.push_back(Target::avx2);
#endif
#if defined(EDGEGEO_HAS_NEON)
  found.push_back(Target::neon);
  if (runs_dotprod()) found.push_back(Target::dotprod);
#endif
  return found;
}

Target best_target() {
  static const Target best = targets().back();
  return best;
}

}  // namespace edgegeo

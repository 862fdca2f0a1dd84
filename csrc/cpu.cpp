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
// One leaf of CPUID; zeros where the CPU has none of that number.
struct Leaf {
  explicit Leaf(unsigned number, unsigned part = 0) noexcept {
    if (__get_cpuid_count(number, part, &eax, &ebx, &ecx, &edx) == 0) eax = ebx = ecx = edx = 0;
  }
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
};

bool has(unsigned bits, unsigned wanted) noexcept { return (bits & wanted) == wanted; }

// Intel SDM volume 1, 13.2 and 14.3: what the CPU has and, in XCR0, what the system saves.
void add_x86(std::vector<Target>& found) {
  constexpr unsigned fma = 1u << 12, osxsave = 1u << 27, avx = 1u << 28, f16c = 1u << 29;
  const Leaf basic(1), wide(7), more(7, 1);
  if (!has(basic.ecx, fma | osxsave | avx | f16c)) return;

  unsigned saved = 0, high = 0;
  __asm__("xgetbv" : "=a"(saved), "=d"(high) : "c"(0));
  constexpr unsigned xmm_ymm = 6, masks_zmm = 0xe0;
  constexpr unsigned avx2 = 1u << 5;
  if (!has(saved, xmm_ymm) || !has(wide.ebx, avx2)) return;
  found.push_back(Target::avx2);

  constexpr unsigned avx_vnni = 1u << 4;
  if (wide.eax >= 1 && has(more.eax, avx_vnni)) found.push_back(Target::avxvnni);

  constexpr unsigned f = 1u << 16, dq = 1u << 17, bw = 1u << 30, vl = 1u << 31;
  if (!has(saved, masks_zmm) || !has(wide.ebx, f | dq | bw | vl)) return;
  found.push_back(Target::avx512);

  constexpr unsigned avx512_vnni = 1u << 11;
  if (has(wide.ecx, avx512_vnni)) found.push_back(Target::vnni);
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
    case Target::avxvnni:
      return "avxvnni";
    case Target::avx512:
      return "avx512";
    case Target::vnni:
      return "vnni";
    case Target::neon:
      return "neon";
    case Target::dotprod:
      return "dotprod";
    default:
      return "scalar";
  }
}

Target baseline(Target target) noexcept {
  switch (target) {
    case Target::avx2:
    case Target::avxvnni:
    case Target::avx512:
    case Target::vnni:
      return Target::avx2;
    case Target::neon:
    case Target::dotprod:
      return Target::neon;
    default:
      return Target::scalar;
  }
}

std::vector<Target> targets() {
  std::vector<Target> found{Target::scalar};
#if defined(EDGEGEO_HAS_AVX2)
  add_x86(found);
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

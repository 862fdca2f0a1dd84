// Instruction sets a kernel may be compiled for, and which of them this CPU can run.
//
// avx2 stands for AVX2 + FMA + F16C (every x86-64 server and desktop since 2013) with the
// operating system saving the wide registers. neon is the aarch64 baseline; dotprod adds the
// int8 dot product of Orin's cores and the like, and is neon where a kernel has no use for it.
#pragma once
#include <string_view>
#include <vector>

namespace edgegeo {

enum class Target { scalar, avx2, neon, dotprod };

std::string_view name(Target target) noexcept;

// Compiled in and runnable here, best last; `scalar` is always first.
std::vector<Target> targets();

Target best_target();

}  // namespace edgegeo

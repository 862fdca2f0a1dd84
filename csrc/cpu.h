// Instruction sets a kernel may be compiled for, and which of them this CPU can run.
//
//   avx2      AVX2, FMA, F16C: every x86-64 server and desktop since 2013
//   avxvnni   the same, and the int8 dot product: Intel's small and desktop cores since 2021
//   avx512    AVX-512 F, BW, DQ and VL: servers since 2017, AMD's cores since 2022
//   vnni      the same, and the int8 dot product: servers since 2019
//   neon      the aarch64 baseline
//   dotprod   the same, and the int8 dot product: Orin's cores and the like
//
// Each needs an operating system that saves its registers.
#pragma once
#include <string_view>
#include <vector>

namespace edgegeo {

enum class Target { scalar, avx2, avxvnni, avx512, vnni, neon, dotprod };

std::string_view name(Target target) noexcept;

// avx2, neon or scalar: what `target` is built upon, for kernels that have no use for the rest.
Target baseline(Target target) noexcept;

// Compiled in and runnable here, best last; `scalar` is always first.
std::vector<Target> targets();

Target best_target();

}  // namespace edgegeo

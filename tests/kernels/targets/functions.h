// The inner functions of every instruction set that is compiled in and runs here, in one table.
#pragma once
#include <tuple>
#include <vector>

#include "cpu.h"
#include "pairs/dequantise.h"
#include "rectify/stages.h"
#include "topk/dot.h"
#include "topk/score.h"

namespace edgegeo {

struct Functions {
  Target target;
  DotBlock dot;
  std::tuple<ScoreBlock<float>, ScoreBlock<Half>, ScoreBlock<std::int8_t>> scores;
  void (*dequantise)(const std::int8_t* values, std::size_t n, float scale, float* out,
                     const std::int8_t* next) noexcept;
  const Stages* stages;
};

std::vector<Functions> runnable();  // `scalar` first, as in targets()

}  // namespace edgegeo

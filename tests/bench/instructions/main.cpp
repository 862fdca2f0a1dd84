// Runs one kernel once on a fixed input, for callgrind to count what it does:
//
//   count_kernels                  lists the kernels and this machine's targets
//   count_kernels KERNEL TARGET    runs one; what happens inside of `counted` is to be counted
#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string_view>
#include <vector>

#include "pairs/pairs.h"
#include "rectify/rectify.h"
#include "relate/relate.h"
#include "topk/certified.h"
#include "topk/topk.h"

extern "C" [[gnu::noinline]] void counted(const std::function<void()>& kernel) { kernel(); }

namespace edgegeo {
namespace {

constexpr std::size_t rows = 4'000, width = 256, best = 32;

// Knuth's linear congruential generator (MMIX): callgrind takes fifty times as long for all of
// this.
std::uint32_t random_bits() {
  static std::uint64_t state = 1;
  state = state * 6364136223846793005u + 1442695040888963407u;
  return static_cast<std::uint32_t>(state >> 32);
}

template <class T>
std::vector<T> filled(std::size_t n, double low, double high) {
  std::vector<T> values(n);
  const double step = (high - low) * 0x1p-32;
  for (T& each : values) each = static_cast<T>(low + step * random_bits());
  return values;
}

// Halves in [0.5, 1): any bits of the fraction.
std::vector<Half> halves(std::size_t n) {
  std::vector<Half> values(n);
  for (Half& each : values) each.bits = static_cast<std::uint16_t>(0x3800 | random_bits() >> 22);
  return values;
}

struct Found {
  explicit Found(std::size_t queries) : ids(queries * best), scores(queries * best) {}
  std::vector<std::int32_t> ids;
  std::vector<float> scores;
};

const std::int64_t every_row[2] = {0, rows};

template <class Row>
void search(const std::vector<Row>& gallery, std::size_t queries, Target target) {
  const auto query = filled<float>(queries * width, -1, 1), scales = filled<float>(rows, 0.5, 1);
  Found found(queries);
  counted([&] {
    top_k({query.data(), queries, width}, View<const Row>{gallery.data(), rows, width},
          scales.data(), {{every_row, 1, 2}}, {}, {found.ids.data(), queries, best},
          {found.scores.data(), queries, best}, nullptr, target);
  });
}

void search_f32(Target target) { search(filled<float>(rows * width, -1, 1), 1, target); }
void search_f16(Target target) { search(halves(rows * width), 1, target); }
void search_int8(Target target) { search(filled<std::int8_t>(rows * width, -128, 127), 1, target); }

void search_int8_queries(Target target) {
  constexpr std::size_t queries = 8;
  const auto query = filled<std::int8_t>(queries * width, -128, 127);
  const auto gallery = filled<std::int8_t>(rows * width, -128, 127);
  const auto query_scales = filled<float>(queries, 0.5, 1), scales = filled<float>(rows, 0.5, 1);
  Found found(queries);
  counted([&] {
    top_k({query.data(), queries, width}, query_scales.data(), {gallery.data(), rows, width},
          scales.data(), {{every_row, 1, 2}}, {}, {found.ids.data(), queries, best},
          {found.scores.data(), queries, best}, nullptr, target);
  });
}

void gather(Target target) {
  constexpr std::size_t count = 32, values = 64 * 192, held = 200;
  const auto tokens = filled<std::int8_t>(held * values, -128, 127);
  const auto scales = filled<float>(held, 0.5, 1);
  const auto ids = filled<std::int32_t>(count, 0, held);
  std::vector<float> out(count * values);
  Pool alone(1);
  counted([&] {
    gather_pairs({tokens.data(), held, values}, scales.data(), ids.data(),
                 View<float>{out.data(), count, values}, alone, target);
  });
}

// Four candidates, each under some copies of a grid.
void relate_all(Grid grid, std::size_t copies, Search search, bool volume, Target target) {
  constexpr std::size_t count = 4;
  const auto tokens = filled<std::int8_t>(count * grid.values(), -128, 127);
  const auto grids = filled<std::int8_t>(copies * grid.values(), -128, 127);
  const auto scales = filled<float>(count, 0.5, 1), grid_scales = filled<float>(copies, 0.5, 1);
  const std::int32_t ids[count] = {0, 1, 2, 3}, firsts[count] = {};
  const std::size_t places = (2 * search.reach + 1) * (2 * search.reach + 1);
  std::vector<float> cosine(count * places), overlap(count * places);
  float score[count];
  std::int32_t copy[count], shift[2 * count];
  Pool alone(1);
  counted([&] {
    relate(
        grid, {{tokens.data(), count, grid.values()}, scales.data(), ids, firsts, count},
        {{grids.data(), copies, grid.values()}, grid_scales.data(), copies}, search,
        {score, copy, shift, volume ? cosine.data() : nullptr, volume ? overlap.data() : nullptr},
        alone, target);
  });
}

void relate_full(Target target) { relate_all({14, 128}, 35, {3, 0.5f, 0}, false, target); }
void relate_coarse_to_fine(Target target) {
  relate_all({14, 128}, 35, {3, 0.5f, 4}, false, target);
}
void relate_volume(Target target) { relate_all({16, 32}, 15, {6, 0.5f, 1}, true, target); }

// 1920 x 1080 to 256 x 256, each copy turned by 42 degrees more.
void rectified(std::size_t copies, double shrink, Target target) {
  constexpr std::size_t height = 1080, wide = 1920, size = 256;
  const auto pixels = filled<std::uint8_t>(3 * height * wide, 0, 256);
  std::vector<double> maps;
  for (std::size_t i = 0; i != copies; ++i) {
    const double turn = (10.0 + 42.0 * static_cast<double>(i)) * 3.14159265358979 / 180;
    const double cos = shrink * std::cos(turn), sin = shrink * std::sin(turn);
    const double middle = (size - 1) / 2.0, x = (wide - 1) / 2.0, y = (height - 1) / 2.0;
    maps.insert(maps.end(),
                {cos, -sin, x - (cos - sin) * middle, sin, cos, y - (cos + sin) * middle, 0, 0, 1});
  }
  std::vector<float> out(copies * 4 * size * size);
  counted([&] {
    rectify({pixels.data(), height, wide, true}, {maps.data(), copies, 9}, size, out.data(),
            target);
  });
}

void rectify_one(Target target) { rectified(1, 4.2, target); }
void rectify_four(Target target) { rectified(4, 4.2, target); }
void rectify_fine(Target target) { rectified(1, 2.6, target); }
void rectify_coarse(Target target) { rectified(1, 6.75, target); }

constexpr struct {
  const char* name;
  void (*run)(Target target);
} kernels[] = {{"search_f32", search_f32},
               {"search_f16", search_f16},
               {"search_int8", search_int8},
               {"search_int8_queries", search_int8_queries},
               {"gather_pairs", gather},
               {"relate_full", relate_full},
               {"relate_coarse_to_fine", relate_coarse_to_fine},
               {"relate_volume", relate_volume},
               {"rectify_one", rectify_one},
               {"rectify_four", rectify_four},
               {"rectify_fine", rectify_fine},
               {"rectify_coarse", rectify_coarse}};

int run(std::string_view kernel, std::string_view target) {
  for (const auto& each : kernels) {
    for (const Target here : targets()) {
      if (kernel != each.name || target != name(here)) continue;
      each.run(here);
      return 0;
    }
  }
  std::puts("no such kernel or target; without arguments they are listed");
  return 1;
}

}  // namespace
}  // namespace edgegeo

int main(int argc, char** argv) {
  if (argc == 3) return edgegeo::run(argv[1], argv[2]);
  for (const auto& each : edgegeo::kernels) std::printf("kernel %s\n", each.name);
  for (const auto each : edgegeo::targets()) std::printf("target %s\n", name(each).data());
  return 0;
}

#include "../relate/relate.h"

#include "../relate/turn.h"
#include "bindings.h"

namespace edgegeo {
namespace {

constexpr std::size_t most_values = (1u << 17) - 1;  // a grid, so that sums fit 32 bits

// Ids or firsts, so that no row outside of [0, rows) is read.
const std::int32_t* checked_rows(const py::array& ids, const char* name, std::int64_t rows) {
  const auto* data = checked<std::int32_t>(ids, name, 1);
  for (std::size_t j = 0; j != extent(ids, 0); ++j) {
    if (data[j] < 0 || data[j] >= rows) {
      throw py::index_error(std::string(name) + ": " + std::to_string(data[j]) + " at " +
                            std::to_string(j) + " is not in [0, " + std::to_string(rows) + ")");
    }
  }
  return data;
}

Grid grid_of(const py::array& tokens) {
  const std::size_t count = extent(tokens, 1), width = extent(tokens, 2);
  std::size_t side = 0;
  while (side * side < count) ++side;
  if (side == 0 || side * side != count) {
    throw py::value_error("tokens must be a square grid, got " + std::to_string(count));
  }
  if (width < 1 || count > most_values || width > most_values / count) {
    throw py::value_error("a grid must hold 1 to " + std::to_string(most_values) + " values");
  }
  return {side, width};
}

py::tuple bound_relate(const py::array& grids, const py::array& grid_scales, std::int64_t copies,
                       const py::array& firsts, const py::array& tokens, const py::array& scales,
                       const py::array& ids, std::int64_t reach, float power, std::int64_t keep,
                       Pool* pool, bool volume, const std::optional<std::string>& target) {
  const auto* grid_data = checked<std::int8_t>(grids, "grids", 3);
  const auto* token_data = checked<std::int8_t>(tokens, "tokens", 3);
  const Grid grid = grid_of(tokens);
  const std::size_t q = extent(grids, 0), n = extent(tokens, 0);
  if (extent(grids, 1) != grid.tokens() || extent(grids, 2) != grid.width) {
    throw py::value_error("grids and tokens differ in shape");
  }
  const auto* grid_scale_data = checked<float>(grid_scales, "grid_scales", 1);
  const auto* scale_data = checked<float>(scales, "scales", 1);
  if (extent(grid_scales, 0) != q) throw py::value_error("grid_scales must be (q,)");
  if (extent(scales, 0) != n) throw py::value_error("scales must be (n,)");
  if (copies < 1) throw py::value_error("copies must be at least 1");
  if (reach < 0 || reach >= static_cast<std::int64_t>(grid.side)) {
    throw py::value_error("reach must be in [0, " + std::to_string(grid.side) + ")");
  }
  if (keep < 0 || (keep != 0 && grid.side % 2 != 0)) {
    throw py::value_error("keep must be at least 0, and 0 for a grid of an odd side");
  }
  const auto* id_data = checked_rows(ids, "ids", static_cast<std::int64_t>(n));
  const auto* first_data =
      checked_rows(firsts, "firsts", static_cast<std::int64_t>(q) - copies + 1);
  const std::size_t k = extent(ids, 0), s = static_cast<std::size_t>(2 * reach + 1);
  if (extent(firsts, 0) != k) throw py::value_error("firsts must be (k,)");
  const Target chosen = parse_target(target);

  py::array_t<float> score(k), cosine, overlap;
  py::array_t<std::int32_t> copy(k), shift({k, std::size_t{2}});
  if (volume) {
    cosine = py::array_t<float>({k, s, s});
    overlap = py::array_t<float>({k, s, s});
  }
  const Candidates candidates{{token_data, n, grid.values()}, scale_data, id_data, first_data, k};
  const Copies turned{
      {grid_data, q, grid.values()}, grid_scale_data, static_cast<std::size_t>(copies)};
  const Search search{static_cast<std::size_t>(reach), power, static_cast<std::size_t>(keep)};
  const Related out{score.mutable_data(), copy.mutable_data(), shift.mutable_data(),
                    volume ? cosine.mutable_data() : nullptr,
                    volume ? overlap.mutable_data() : nullptr};
  {
    const py::gil_scoped_release nogil;
    Pool alone(1);
    relate(grid, candidates, turned, search, out, pool == nullptr ? alone : *pool, chosen);
  }
  if (volume) return py::make_tuple(score, copy, shift, cosine, overlap);
  return py::make_tuple(score, copy, shift);
}

py::tuple bound_turn_tokens(const py::array& tokens, const py::array& taps,
                            const py::array& weights, Pool* pool,
                            const std::optional<std::string>& target) {
  const auto* token_data = checked<float>(tokens, "tokens", 3);
  const auto* tap_data = checked<std::int32_t>(taps, "taps", 2);
  const auto* weight_data = checked<std::int16_t>(weights, "weights", 2);
  const std::size_t r = extent(tokens, 0), t = extent(tokens, 1), c = extent(tokens, 2);
  const std::size_t m = extent(taps, 0);
  if (extent(taps, 1) != 4 || extent(weights, 0) != m || extent(weights, 1) != 4) {
    throw py::value_error("taps and weights must be (m, 4)");
  }
  for (std::size_t i = 0; i != m; ++i) {
    std::int32_t sum = 0;
    for (std::size_t at = 4 * i; at != 4 * i + 4; ++at) {
      if (tap_data[at] < 0 || static_cast<std::size_t>(tap_data[at]) > t) {
        throw py::index_error("tap " + std::to_string(tap_data[at]) + " is not in [0, " +
                              std::to_string(t) + "]");
      }
      if (weight_data[at] < 0) throw py::value_error("weights must not be negative");
      sum += weight_data[at];
    }
    if (sum > 1 << 14) throw py::value_error("four weights must be at most 2^14");
  }
  const Target chosen = parse_target(target);

  py::array_t<std::int8_t> out({r, m, c});
  py::array_t<float> scales(r);
  std::int8_t* to = out.mutable_data();
  float* scale = scales.mutable_data();
  {
    const py::gil_scoped_release nogil;
    Pool alone(1);
    turn_tokens({token_data, r, t * c}, c, {{tap_data, m, 4}, weight_data}, to, scale,
                pool == nullptr ? alone : *pool, chosen);
  }
  return py::make_tuple(out, scales);
}

}  // namespace

void bind_relate(py::module_& m) {
  m.def("relate", bound_relate, "grids"_a.noconvert(), "grid_scales"_a.noconvert(), "copies"_a,
        "firsts"_a.noconvert(), "tokens"_a.noconvert(), "scales"_a.noconvert(), "ids"_a.noconvert(),
        "reach"_a, "power"_a, "keep"_a, "pool"_a = py::none(), "volume"_a = false,
        "target"_a = py::none(),
        "Correlate k candidates' stored tokens with copies of a query: (score, copy, shift), and "
        "with volume (cosine, overlap) too. See csrc/relate/relate.h.");
  m.def("turn_tokens", bound_turn_tokens, "tokens"_a.noconvert(), "taps"_a.noconvert(),
        "weights"_a.noconvert(), "pool"_a = py::none(), "target"_a = py::none(),
        "Sample turned and scaled int8 copies of float32 token grids: (grids, scales). "
        "See csrc/relate/turn.h.");
}

}  // namespace edgegeo

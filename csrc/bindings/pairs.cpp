#include "../pairs/pairs.h"

#include "bindings.h"

namespace edgegeo {
namespace {

py::array_t<float> bound_gather_pairs(const py::array& tokens, const py::array& scales,
                                      const py::array& ids, const std::optional<py::array>& out,
                                      const std::optional<std::string>& target) {
  const auto* token_data = checked<std::int8_t>(tokens, "tokens", 3);
  const auto* scale_data = checked<float>(scales, "scales", 1);
  const auto* id_data = checked<std::int32_t>(ids, "ids", 1);
  const std::size_t n = extent(tokens, 0), k = extent(ids, 0);
  const std::size_t cols = extent(tokens, 1) * extent(tokens, 2);
  if (extent(scales, 0) != n) throw py::value_error("scales must be (n,)");
  for (std::size_t j = 0; j != k; ++j) {
    if (id_data[j] < 0 || static_cast<std::size_t>(id_data[j]) >= n) {
      throw py::index_error("id " + std::to_string(id_data[j]) + " at " + std::to_string(j) +
                            " is not in [0, " + std::to_string(n) + ")");
    }
  }
  const Target chosen = parse_target(target);

  const std::vector<py::ssize_t> shape{ids.shape(0), tokens.shape(1), tokens.shape(2)};
  if (out) {
    checked<float>(*out, "out", 3);
    if (!out->writeable()) throw py::value_error("out must be writeable");
    if (!std::equal(shape.begin(), shape.end(), out->shape())) {
      throw py::value_error("out must be (k, t, c)");
    }
  }
  auto batch = out ? py::reinterpret_borrow<py::array_t<float>>(*out) : py::array_t<float>(shape);
  float* to = batch.mutable_data();
  {
    const py::gil_scoped_release nogil;
    gather_pairs({token_data, n, cols}, scale_data, id_data, {to, k, cols}, chosen);
  }
  return batch;
}

}  // namespace

void bind_pairs(py::module_& m) {
  m.def("gather_pairs", bound_gather_pairs, "tokens"_a.noconvert(), "scales"_a.noconvert(),
        "ids"_a.noconvert(), "out"_a.noconvert() = py::none(), "target"_a = py::none(),
        "Dequantise the tokens of k tiles into one (k, t, c) float32 batch. "
        "See csrc/pairs/pairs.h.");
}

}  // namespace edgegeo

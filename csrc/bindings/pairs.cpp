#include "../pairs/pairs.h"

#include "bindings.h"

namespace edgegeo {
namespace {

// Of `k` rows of (n, t, c) tokens, none of them outside.
const std::int32_t* checked_ids(const py::array& ids, std::size_t n) {
  const auto* data = checked<std::int32_t>(ids, "ids", 1);
  for (std::size_t j = 0; j != extent(ids, 0); ++j) {
    if (data[j] < 0 || static_cast<std::size_t>(data[j]) >= n) {
      throw py::index_error("id " + std::to_string(data[j]) + " at " + std::to_string(j) +
                            " is not in [0, " + std::to_string(n) + ")");
    }
  }
  return data;
}

View<const std::int8_t> checked_tokens(const py::array& tokens) {
  const auto* data = checked<std::int8_t>(tokens, "tokens", 3);
  return {data, extent(tokens, 0), extent(tokens, 1) * extent(tokens, 2)};
}

py::array bound_gather_pairs(const py::array& tokens, const py::array& scales, const py::array& ids,
                             const std::optional<py::array>& out,
                             const std::optional<std::string>& target, bool half, Pool* pool) {
  const View<const std::int8_t> rows = checked_tokens(tokens);
  const auto* scale_data = checked<float>(scales, "scales", 1);
  if (extent(scales, 0) != rows.rows) throw py::value_error("scales must be (n,)");
  const auto* id_data = checked_ids(ids, rows.rows);
  const Target chosen = parse_target(target);

  const std::vector<py::ssize_t> shape{ids.shape(0), tokens.shape(1), tokens.shape(2)};
  const py::dtype dtype = half ? py::dtype("e") : py::dtype::of<float>();
  if (out) {
    if (!out->dtype().equal(dtype)) refuse_dtype(*out, "out", half ? "float16" : "float32");
    require_layout(*out, "out", 3);
    if (!out->writeable()) throw py::value_error("out must be writeable");
    if (!std::equal(shape.begin(), shape.end(), out->shape())) {
      throw py::value_error("out must be (k, t, c)");
    }
  }
  py::array batch = out ? *out : py::array(dtype, shape);
  void* to = batch.mutable_data();
  const std::size_t k = extent(ids, 0);
  {
    const py::gil_scoped_release nogil;
    Pool alone(1);
    Pool& threads = pool == nullptr ? alone : *pool;
    if (half) {
      gather_pairs<Half>(rows, scale_data, id_data, {static_cast<Half*>(to), k, rows.cols}, threads,
                         chosen);
    } else {
      gather_pairs<float>(rows, scale_data, id_data, {static_cast<float*>(to), k, rows.cols},
                          threads, chosen);
    }
  }
  return batch;
}

void bound_prefetch_rows(const py::array& tokens, const py::array& ids) {
  const View<const std::int8_t> rows = checked_tokens(tokens);
  const auto* id_data = checked_ids(ids, rows.rows);
  const std::size_t k = extent(ids, 0);
  const py::gil_scoped_release nogil;
  prefetch_rows(rows, id_data, k);
}

}  // namespace

void bind_pairs(py::module_& m) {
  m.def("gather_pairs", bound_gather_pairs, "tokens"_a.noconvert(), "scales"_a.noconvert(),
        "ids"_a.noconvert(), "out"_a.noconvert() = py::none(), "target"_a = py::none(),
        "half"_a = false, "pool"_a = py::none(),
        "Dequantise the tokens of k tiles into one (k, t, c) float32 or float16 batch. "
        "See csrc/pairs/pairs.h.");
  m.def("prefetch_rows", bound_prefetch_rows, "tokens"_a.noconvert(), "ids"_a.noconvert(),
        "Have the system read rows of a memory-mapped file, without waiting for them.");
}

}  // namespace edgegeo

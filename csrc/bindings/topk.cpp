#include "../topk/topk.h"

#include <array>

#include "../topk/dot.h"
#include "../topk/quantise.h"
#include "bindings.h"

namespace edgegeo {
namespace {

// None of them empty and together all of the queries, or others would be written to.
void check_groups(const std::int64_t* ends, std::size_t g, std::size_t q) {
  std::int64_t from = 0;
  for (std::size_t i = 0; i != g; ++i) {
    if (ends[i] <= from) throw py::value_error("groups must be ascending ends, none empty");
    from = ends[i];
  }
  if (from != static_cast<std::int64_t>(q)) {
    throw py::value_error("groups must end at " + std::to_string(q) + ", the queries, got " +
                          std::to_string(from));
  }
}

py::tuple bound_top_k(const py::array& queries, const py::array& gallery, std::int64_t k,
                      const std::optional<py::array>& scales,
                      const std::optional<py::array>& ranges,
                      const std::optional<std::string>& target,
                      const std::optional<py::array>& query_scales,
                      const std::optional<py::array>& groups,
                      const std::optional<py::array>& bitmap, Pool* pool) {
  const bool int8_queries = py::isinstance<py::array_t<std::int8_t>>(queries);
  if (int8_queries) {
    require_layout(queries, "queries", 2);
  } else {
    checked<float>(queries, "queries", 2);
  }
  require_layout(gallery, "gallery", 2);
  const std::size_t n = extent(gallery, 0), d = extent(gallery, 1), q = extent(queries, 0);
  if (extent(queries, 1) != d) throw py::value_error("queries and gallery differ in width");
  if (n > std::numeric_limits<std::int32_t>::max()) throw py::value_error("gallery is too long");
  if (k < 1 || k > static_cast<std::int64_t>(n)) {
    throw py::value_error("k must be in [1, " + std::to_string(n) + "], got " + std::to_string(k));
  }
  const bool is_int8 = py::isinstance<py::array_t<std::int8_t>>(gallery);
  const float* scale_data = scales ? checked<float>(*scales, "scales", 1) : nullptr;
  if (scales && extent(*scales, 0) != n) throw py::value_error("scales must be (n,)");
  if (is_int8 && !scales) throw py::value_error("an int8 gallery needs scales");
  const float* query_scale_data =
      query_scales ? checked<float>(*query_scales, "query_scales", 1) : nullptr;
  if (query_scales && extent(*query_scales, 0) != q) {
    throw py::value_error("query_scales must be (q,)");
  }
  if (int8_queries && !is_int8) refuse_dtype(gallery, "gallery of int8 queries", "int8");
  if (int8_queries != query_scales.has_value()) {
    throw py::value_error("query_scales belong to int8 queries: both or neither");
  }
  if (int8_queries && d > dot_widest) throw py::value_error("int8 queries are too wide");

  const std::int64_t everything[2] = {0, static_cast<std::int64_t>(n)};
  const Rows searched = checked_rows(ranges, bitmap, n, everything);
  const Target chosen = parse_target(target);

  Groups of;
  std::size_t g = q;
  if (groups) {
    of.ends = checked<std::int64_t>(*groups, "groups", 1);
    g = extent(*groups, 0);
    check_groups(of.ends, g, q);
  }
  const std::array<std::size_t, 2> shape{g, static_cast<std::size_t>(k)};
  py::array_t<std::int32_t> ids(shape), found(groups ? shape : std::array<std::size_t, 2>{});
  py::array_t<float> scores(shape);
  if (groups) of.found = found.mutable_data();
  const View<std::int32_t> id_view{ids.mutable_data(), shape[0], shape[1]};
  const View<float> score_view{scores.mutable_data(), shape[0], shape[1]};
  const auto run = [&](const auto* rows) {
    const auto* query_data = static_cast<const float*>(queries.data());
    const View<std::remove_pointer_t<decltype(rows)>> row_view{rows, n, d};
    const py::gil_scoped_release nogil;
    top_k({query_data, q, d}, row_view, scale_data, searched, of, id_view, score_view, pool,
          chosen);
  };
  if (int8_queries) {
    const View<const std::int8_t> query_view{static_cast<const std::int8_t*>(queries.data()), q, d},
        row_view{static_cast<const std::int8_t*>(gallery.data()), n, d};
    const py::gil_scoped_release nogil;
    top_k(query_view, query_scale_data, row_view, scale_data, searched, of, id_view, score_view,
          pool, chosen);
  } else if (is_int8) {
    run(static_cast<const std::int8_t*>(gallery.data()));
  } else if (gallery.dtype().equal(py::dtype("e"))) {
    run(static_cast<const Half*>(gallery.data()));
  } else if (py::isinstance<py::array_t<float>>(gallery)) {
    run(static_cast<const float*>(gallery.data()));
  } else {
    refuse_dtype(gallery, "gallery", "float32, float16 or int8");
  }
  if (groups) return py::make_tuple(ids, scores, found);
  return py::make_tuple(ids, scores);
}

py::tuple bound_quantise_rows(const py::array& rows) {
  const float* data = checked<float>(rows, "rows", 2);
  const std::size_t n = extent(rows, 0), d = extent(rows, 1);
  py::array_t<std::int8_t> quantised(std::array<std::size_t, 2>{n, d});
  py::array_t<float> scales(static_cast<py::ssize_t>(n));
  std::int8_t* values = quantised.mutable_data();
  float* of_rows = scales.mutable_data();
  {
    const py::gil_scoped_release nogil;
    for (std::size_t i = 0; i != n; ++i) of_rows[i] = quantise(data + i * d, d, values + i * d);
  }
  return py::make_tuple(quantised, scales);
}

}  // namespace

void bind_topk(py::module_& m) {
  m.def("top_k", bound_top_k, "queries"_a.noconvert(), "gallery"_a.noconvert(), "k"_a,
        "scales"_a.noconvert() = py::none(), "ranges"_a.noconvert() = py::none(),
        "target"_a = py::none(), "query_scales"_a.noconvert() = py::none(),
        "groups"_a.noconvert() = py::none(), "bitmap"_a.noconvert() = py::none(),
        "pool"_a = py::none(),
        "Exact top-k inner product over float32, float16 or int8 rows: (ids, scores), (q, k) each. "
        "int8 queries, with query_scales, against int8 rows. With groups, the ends of g groups of "
        "queries: (ids, scores, queries), (g, k) each. See csrc/topk/topk.h.");
  m.def("quantise_rows", bound_quantise_rows, "rows"_a.noconvert(),
        "int8 rows and their scales: ((n, d), (n,)). See csrc/topk/quantise.h.");
}

}  // namespace edgegeo

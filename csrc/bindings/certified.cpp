#include "../topk/certified.h"

#include <array>

#include "../topk/dot.h"
#include "bindings.h"

namespace edgegeo {
namespace {

// Of the queries, the gallery and k, what both searches share.
struct Checked {
  Checked(const py::array& query_array, const py::array& gallery_array, std::int64_t k_wanted)
      : queries{checked<float>(query_array, "queries", 2), extent(query_array, 0),
                extent(query_array, 1)},
        gallery(gallery_array) {
    require_layout(gallery, "gallery", 2);
    n = extent(gallery, 0);
    if (extent(gallery, 1) != queries.cols) {
      throw py::value_error("queries and gallery differ in width");
    }
    if (queries.cols > dot_widest) throw py::value_error("gallery is too wide");
    if (n > std::numeric_limits<std::int32_t>::max()) throw py::value_error("gallery is too long");
    if (k_wanted < 1 || k_wanted > static_cast<std::int64_t>(n)) {
      throw py::value_error("k must be in [1, " + std::to_string(n) + "], got " +
                            std::to_string(k_wanted));
    }
    const std::array<std::size_t, 2> shape{queries.rows, static_cast<std::size_t>(k_wanted)};
    ids = py::array_t<std::int32_t>(shape);
    scores = py::array_t<float>(shape);
    id_view = {ids.mutable_data(), shape[0], shape[1]};
    score_view = {scores.mutable_data(), shape[0], shape[1]};
  }

  // Calls search(rows of the gallery) without the interpreter's lock.
  template <class Search>
  void run(const Search& search) const {
    const bool half = gallery.dtype().equal(py::dtype("e"));
    if (!half && !py::isinstance<py::array_t<float>>(gallery)) {
      refuse_dtype(gallery, "gallery", "float32 or float16");
    }
    const void* rows = gallery.data();
    const py::gil_scoped_release nogil;
    if (half) {
      search(View<const Half>{static_cast<const Half*>(rows), n, queries.cols});
    } else {
      search(View<const float>{static_cast<const float*>(rows), n, queries.cols});
    }
  }

  View<const float> queries;
  const py::array& gallery;
  std::size_t n = 0;
  py::array_t<std::int32_t> ids;
  py::array_t<float> scores;
  View<std::int32_t> id_view{};
  View<float> score_view{};
};

py::tuple bound_certified(const py::array& queries, const py::array& gallery,
                          const py::array& coarse, const py::array& scales, const py::array& bounds,
                          std::int64_t k, const std::optional<py::array>& ranges,
                          const std::optional<py::array>& bitmap, Pool* pool,
                          const std::optional<std::string>& target) {
  const Checked given(queries, gallery, k);
  const std::size_t n = given.n, d = given.queries.cols;
  const Coarse rows{{checked<std::int8_t>(coarse, "coarse", 2), n, d},
                    checked<float>(scales, "scales", 1),
                    checked<float>(bounds, "bounds", 2)};
  if (extent(coarse, 0) != n || extent(coarse, 1) != d || extent(scales, 0) != n ||
      extent(bounds, 0) != n || extent(bounds, 1) != 2) {
    throw py::value_error("coarse must be (n, d) as the gallery, scales (n,), bounds (n, 2)");
  }
  const std::int64_t everything[2] = {0, static_cast<std::int64_t>(n)};
  const Rows searched = checked_rows(ranges, bitmap, n, everything);
  const Target chosen = parse_target(target);
  py::array_t<std::int64_t> rescored(static_cast<py::ssize_t>(given.queries.rows));
  std::int64_t* counts = rescored.mutable_data();
  given.run([&](const auto& view) {
    certified_top_k(given.queries, view, rows, searched, given.id_view, given.score_view, counts,
                    pool, chosen);
  });
  return py::make_tuple(given.ids, given.scores, rescored);
}

// Each query's own rows, (q, m), where -1 is none.
py::tuple bound_rescore(const py::array& queries, const py::array& gallery, const py::array& rows,
                        std::int64_t k, Pool* pool, const std::optional<std::string>& target) {
  const Checked given(queries, gallery, k);
  const auto* listed = checked<std::int32_t>(rows, "rows", 2);
  const std::size_t q = given.queries.rows, m = extent(rows, 1);
  if (extent(rows, 0) != q) throw py::value_error("rows must be (q, m)");
  std::vector<std::vector<std::int32_t>> lists(q);
  for (std::size_t i = 0; i != q * m; ++i) {
    if (listed[i] < -1 || listed[i] >= static_cast<std::int64_t>(given.n)) {
      throw py::value_error("rows must be in [-1, " + std::to_string(given.n) + "), got " +
                            std::to_string(listed[i]));
    }
    if (listed[i] >= 0) lists[i / m].push_back(listed[i]);
  }
  const Target chosen = parse_target(target);
  given.run([&](const auto& view) {
    for (std::size_t i = 0; i != q; ++i) {
      top_k({given.queries.row(i), 1, given.queries.cols}, view, nullptr,
            {{}, nullptr, lists[i].data(), lists[i].size()}, {},
            {given.id_view.row(i), 1, given.id_view.cols},
            {given.score_view.row(i), 1, given.score_view.cols}, pool, chosen);
    }
  });
  return py::make_tuple(given.ids, given.scores);
}

}  // namespace

void bind_certified(py::module_& m) {
  m.def("certified_top_k", bound_certified, "queries"_a.noconvert(), "gallery"_a.noconvert(),
        "coarse"_a.noconvert(), "scales"_a.noconvert(), "bounds"_a.noconvert(), "k"_a,
        "ranges"_a.noconvert() = py::none(), "bitmap"_a.noconvert() = py::none(),
        "pool"_a = py::none(), "target"_a = py::none(),
        "What top_k of the queries and the gallery gives, by way of int8 rows with bounds of their "
        "error: (ids, scores, rescored). See csrc/topk/certified.h.");
  m.def("rescore", bound_rescore, "queries"_a.noconvert(), "gallery"_a.noconvert(),
        "rows"_a.noconvert(), "k"_a, "pool"_a = py::none(), "target"_a = py::none(),
        "top_k among each query's own rows, (q, m) int32 where -1 is none: (ids, scores).");
}

}  // namespace edgegeo

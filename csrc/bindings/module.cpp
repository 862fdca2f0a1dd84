#include "bindings.h"

PYBIND11_MODULE(_core, m) {
  namespace py = pybind11;
  m.doc() = "The kernels. Each is described by its header under csrc/.";

  const auto runnable = edgegeo::targets();
  py::tuple names(runnable.size());
  for (std::size_t i = 0; i != runnable.size(); ++i) {
    names[i] = py::str(std::string(edgegeo::name(runnable[i])));
  }
  m.attr("TARGETS") = names;

  edgegeo::bind_pool(m);
  edgegeo::bind_topk(m);
  edgegeo::bind_certified(m);
  edgegeo::bind_rectify(m);
  edgegeo::bind_pairs(m);
  edgegeo::bind_relate(m);
}

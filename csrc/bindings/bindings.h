// What every binding shares: the list of kernels, and checks that name the argument.
#pragma once
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>
#include <string>

#include "../cpu.h"
#include "../topk/rows.h"
#include "../view.h"

namespace edgegeo {

namespace py = pybind11;
using namespace py::literals;

void bind_pool(py::module_& m);
void bind_topk(py::module_& m);
void bind_certified(py::module_& m);
void bind_rectify(py::module_& m);
void bind_pairs(py::module_& m);
void bind_relate(py::module_& m);

Target parse_target(const std::optional<std::string>& target);

// TypeError unless C-contiguous and aligned, ValueError unless of `ndim` dimensions. Read-only
// arrays are welcome: nothing here is copied or written.
void require_layout(const py::array& array, const char* name, py::ssize_t ndim);

[[noreturn]] void refuse_dtype(const py::array& array, const char* name, const char* wanted);

template <class T>
const T* checked(const py::array& array, const char* name, py::ssize_t ndim) {
  if (!py::isinstance<py::array_t<T>>(array)) {
    refuse_dtype(array, name, py::str(py::dtype::of<T>()).cast<std::string>().c_str());
  }
  require_layout(array, name, ndim);
  return static_cast<const T*>(array.data());
}

inline std::size_t extent(const py::array& array, py::ssize_t axis) {
  return static_cast<std::size_t>(array.shape(axis));
}

// The rows of a gallery of n to search; `everything` is [0, n), for where no ranges are given.
Rows checked_rows(const std::optional<py::array>& ranges, const std::optional<py::array>& bitmap,
                  std::size_t n, const std::int64_t* everything);

}  // namespace edgegeo

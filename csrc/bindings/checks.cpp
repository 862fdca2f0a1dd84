#include "bindings.h"

namespace edgegeo {

Target parse_target(const std::optional<std::string>& target) {
  if (!target) return best_target();
  std::string runnable;
  for (const Target each : targets()) {
    if (name(each) == *target) return each;
    runnable += runnable.empty() ? "" : ", ";
    runnable += name(each);
  }
  throw py::value_error("target must be one of " + runnable + ", got " + *target);
}

void require_layout(const py::array& array, const char* name, py::ssize_t ndim) {
  constexpr int wanted =
      py::detail::npy_api::NPY_ARRAY_C_CONTIGUOUS_ | py::detail::npy_api::NPY_ARRAY_ALIGNED_;
  if ((array.flags() & wanted) != wanted) {
    throw py::type_error(std::string(name) + " must be C-contiguous and aligned");
  }
  if (array.ndim() != ndim) {
    throw py::value_error(std::string(name) + " must have " + std::to_string(ndim) +
                          " dimensions, got " + std::to_string(array.ndim()));
  }
}

void refuse_dtype(const py::array& array, const char* name, const char* wanted) {
  throw py::type_error(std::string(name) + " must be " + wanted + ", got " +
                       py::str(array.dtype()).cast<std::string>());
}

}  // namespace edgegeo

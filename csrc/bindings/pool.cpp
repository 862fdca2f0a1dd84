#include "../pool.h"

#include "bindings.h"

namespace edgegeo {

void bind_pool(py::module_& m) {
  py::class_<Pool>(m, "Pool", "Threads that a kernel may share its work with. See csrc/pool.h.")
      .def(
          py::init([](std::int64_t threads) {
            if (threads < 1 || threads > 1024) {
              throw py::value_error("threads must be in [1, 1024], got " + std::to_string(threads));
            }
            return std::make_unique<Pool>(static_cast<std::size_t>(threads));
          }),
          "threads"_a)
      .def_property_readonly("threads", &Pool::threads);
}

}  // namespace edgegeo

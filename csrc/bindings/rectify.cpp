#include "../rectify/rectify.h"

#include "bindings.h"

namespace edgegeo {
namespace {

constexpr std::size_t most_pixels = std::size_t{1} << 28;
constexpr std::int64_t largest_size = 4096;

py::array bound_rectify(const py::array& frame, const py::array& homographies, std::int64_t size,
                        bool bgr, const std::optional<std::string>& target, bool half, Pool* pool) {
  const auto* pixels = checked<std::uint8_t>(frame, "frame", 3);
  const auto* maps = checked<double>(homographies, "homographies", 3);
  const std::size_t h = extent(frame, 0), w = extent(frame, 1);
  if (extent(frame, 2) != 3) throw py::value_error("frame must be (h, w, 3)");
  if (h == 0 || w == 0 || h >= most_pixels / w) {
    throw py::value_error("frame must have 1 to 2^28 pixels");
  }
  if (extent(homographies, 1) != 3 || extent(homographies, 2) != 3) {
    throw py::value_error("homographies must be (r, 3, 3)");
  }
  if (size < 1 || size > largest_size) throw py::value_error("size must be in [1, 4096]");
  const Target chosen = parse_target(target);
  const View<const double> copies{maps, extent(homographies, 0), 9};
  const auto side = static_cast<std::size_t>(size);

  py::array out(py::dtype(half ? "float16" : "float32"),
                {homographies.shape(0), py::ssize_t{4}, py::ssize_t{size}, py::ssize_t{size}});
  void* to = out.mutable_data();
  {
    const py::gil_scoped_release nogil;
    if (half) {
      rectify({pixels, h, w, bgr}, copies, side, static_cast<Half*>(to), chosen, pool);
    } else {
      rectify({pixels, h, w, bgr}, copies, side, static_cast<float*>(to), chosen, pool);
    }
  }
  return out;
}

}  // namespace

void bind_rectify(py::module_& m) {
  m.def("rectify", bound_rectify, "frame"_a.noconvert(), "homographies"_a.noconvert(), "size"_a,
        "bgr"_a = true, "target"_a = py::none(), "half"_a = false, "pool"_a = py::none(),
        "Warp a (h, w, 3) uint8 frame into (r, 4, size, size) float32 or float16 network inputs. "
        "See csrc/rectify/rectify.h.");
}

}  // namespace edgegeo

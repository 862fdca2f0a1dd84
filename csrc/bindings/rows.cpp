#include "bindings.h"

namespace edgegeo {
namespace {

// Ascending, disjoint and inside the gallery, or memory is read that is not ours.
void check_ranges(View<const std::int64_t> ranges, std::size_t n) {
  std::int64_t from = 0;
  for (std::size_t i = 0; i != ranges.rows; ++i) {
    const std::int64_t start = ranges.row(i)[0], stop = ranges.row(i)[1];
    if (start < from || stop < start || stop > static_cast<std::int64_t>(n)) {
      throw py::value_error("ranges must be ascending, disjoint [start, stop) within [0, " +
                            std::to_string(n) + "], got [" + std::to_string(start) + ", " +
                            std::to_string(stop) + ") at row " + std::to_string(i));
    }
    from = stop;
  }
}

}  // namespace

Rows checked_rows(const std::optional<py::array>& ranges, const std::optional<py::array>& bitmap,
                  std::size_t n, const std::int64_t* everything) {
  Rows rows{{everything, 1, 2}};
  if (ranges) {
    rows.ranges = {checked<std::int64_t>(*ranges, "ranges", 2), extent(*ranges, 0), 2};
    if (extent(*ranges, 1) != 2) throw py::value_error("ranges must be (m, 2)");
    check_ranges(rows.ranges, n);
  }
  if (bitmap) {
    rows.bitmap = checked<std::uint8_t>(*bitmap, "bitmap", 1);
    if (extent(*bitmap, 0) != (n + 7) / 8) {
      throw py::value_error("bitmap must be of " + std::to_string((n + 7) / 8) + " bytes, got " +
                            std::to_string(extent(*bitmap, 0)));
    }
  }
  return rows;
}

}  // namespace edgegeo

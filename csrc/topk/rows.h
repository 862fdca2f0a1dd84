// Which rows of a gallery are searched, and the order that memory likes.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../view.h"

namespace edgegeo {

// Rows of `ranges` (m, 2) [start, stop), ascending and disjoint, that `bitmap` has, if there is
// one: row i is bit i % 8, from the lowest, of byte i / 8. Or, if `list` is not null, the `listed`
// rows it names, in any order.
struct Rows {
  View<const std::int64_t> ranges;
  const std::uint8_t* bitmap = nullptr;
  const std::int32_t* list = nullptr;
  std::size_t listed = 0;
};

// The rows of the ranges or of the list, end to end; a place is one of [0, size()).
class Places {
 public:
  explicit Places(const Rows& rows);

  std::size_t size() const noexcept { return ends_.back(); }

 private:
  friend class Walk;

  Rows rows_;
  std::vector<std::size_t> ends_;  // place at which each range ends, after a 0
};

// Walks over some places a block at a time, and over `streams` parts of them in parallel: so many
// streams the hardware prefetches, and one of them alone gets half the bandwidth.
class Walk {
 public:
  static constexpr std::size_t streams = 8, widest = 64;

  Walk(const Places& places, std::size_t begin, std::size_t end) noexcept;

  // Whether the rows lie apart, where no hardware prefetches them.
  bool scattered() const noexcept;

  // The next rows, at most `block` in [streams, widest]; 0 at the end.
  std::size_t next(std::size_t block, std::int32_t* ids) noexcept;

 private:
  struct Stream {
    std::size_t range, row, left;  // `left` places from `row` on
  };

  std::size_t together() const noexcept;
  bool step(Stream& stream, std::int32_t& id) const noexcept;

  const Places& places_;
  Stream streams_[streams];
};

}  // namespace edgegeo

#include "rows.h"

#include <algorithm>
#include <cstring>

namespace edgegeo {
namespace {

// The first row in [row, stop) whose bit is set, or stop. Reads no byte that holds none of them.
std::size_t next_set(const std::uint8_t* bitmap, std::size_t row, std::size_t stop) noexcept {
  while (row < stop) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, bitmap + row / 8, std::min<std::size_t>(8, (stop + 7) / 8 - row / 8));
    bits >>= row % 8;
    if (bits != 0) return std::min(stop, row + static_cast<std::size_t>(__builtin_ctzll(bits)));
    row += 64 - row % 8;
  }
  return stop;
}

}  // namespace

Places::Places(const Rows& rows) : rows_(rows) {
  ends_.push_back(0);
  if (rows.list != nullptr) {
    ends_.push_back(rows.listed);
    return;
  }
  for (std::size_t i = 0; i != rows.ranges.rows; ++i) {
    const std::int64_t* range = rows.ranges.row(i);
    ends_.push_back(ends_.back() + static_cast<std::size_t>(range[1] - range[0]));
  }
}

Walk::Walk(const Places& places, std::size_t begin, std::size_t end) noexcept : places_(places) {
  const std::size_t part = (end - begin + streams - 1) / streams;
  for (Stream& stream : streams_) {
    const std::size_t stop = std::min(end, begin + part);
    const auto after = std::upper_bound(places.ends_.begin() + 1, places.ends_.end(), begin);
    stream.range = static_cast<std::size_t>(after - places.ends_.begin()) - 1;
    stream.left = stop - begin;
    stream.row = begin;
    if (places.rows_.list == nullptr && stream.left != 0) {
      stream.row += static_cast<std::size_t>(places.rows_.ranges.row(stream.range)[0]) -
                    places.ends_[stream.range];
    }
    begin = stop;
  }
}

bool Walk::scattered() const noexcept {
  return places_.rows_.bitmap != nullptr || places_.rows_.list != nullptr;
}

bool Walk::step(Stream& stream, std::int32_t& id) const noexcept {
  if (places_.rows_.list != nullptr) {
    if (stream.left == 0) return false;
    --stream.left;
    id = places_.rows_.list[stream.row++];
    return true;
  }
  while (stream.left != 0) {
    const auto stop = static_cast<std::size_t>(places_.rows_.ranges.row(stream.range)[1]);
    const std::size_t end = std::min(stop, stream.row + stream.left);
    std::size_t row = stream.row;
    if (places_.rows_.bitmap != nullptr) row = next_set(places_.rows_.bitmap, row, end);
    stream.left -= row - stream.row;
    stream.row = row;
    if (row != end) {
      id = static_cast<std::int32_t>(row);
      ++stream.row;
      --stream.left;
      return true;
    }
    if (stream.left != 0) {
      stream.row = static_cast<std::size_t>(places_.rows_.ranges.row(++stream.range)[0]);
    }
  }
  return false;
}

// How many steps every stream can take side by side before one of them ends or changes its range.
std::size_t Walk::together() const noexcept {
  if (scattered()) return 0;
  std::size_t steps = widest;
  for (const Stream& stream : streams_) {
    if (stream.left == 0) return 0;
    const auto stop = static_cast<std::size_t>(places_.rows_.ranges.row(stream.range)[1]);
    steps = std::min({steps, stream.left, stop - stream.row});
  }
  return steps;
}

std::size_t Walk::next(std::size_t block, std::int32_t* ids) noexcept {
  const std::size_t steps = std::min(block / streams, together());
  if (steps != 0) {
    std::int32_t rows[streams];
    for (std::size_t i = 0; i != streams; ++i) {
      rows[i] = static_cast<std::int32_t>(streams_[i].row);
      streams_[i].row += steps;
      streams_[i].left -= steps;
    }
    for (std::size_t step = 0; step != steps; ++step) {
      for (std::size_t i = 0; i != streams; ++i) {
        ids[step * streams + i] = rows[i] + static_cast<std::int32_t>(step);
      }
    }
    return steps * streams;
  }

  std::size_t count = 0;
  for (bool more = true; more && count + streams <= block;) {
    const std::size_t before = count;
    for (Stream& stream : streams_) count += step(stream, ids[count]) ? 1 : 0;
    more = count != before;
  }
  return count;
}

}  // namespace edgegeo

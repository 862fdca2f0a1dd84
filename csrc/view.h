// What a kernel sees of an array: a pointer and a shape. Rows are contiguous and follow each other.
#pragma once
#include <cstddef>
#include <cstdint>

namespace edgegeo {

template <class T>
struct View {
  T* data;
  std::size_t rows;
  std::size_t cols;

  T* row(std::size_t i) const noexcept { return data + i * cols; }
};

// IEEE 754 binary16 as it lies in memory (numpy.float16).
struct Half {
  std::uint16_t bits;
};

}  // namespace edgegeo

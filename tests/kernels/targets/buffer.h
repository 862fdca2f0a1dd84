// An array that ends where the memory ends: the page after it may not be touched, so a kernel
// that reads or writes too far dies, under emulation too, where no address sanitizer runs.
//
// Its start is as unaligned as its length makes it. `spare` elements behind it move it further.
#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "view.h"

namespace edgegeo {

template <class T>
class Buffer {
 public:
  explicit Buffer(std::size_t n, std::size_t spare = 0) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t bytes = (n + spare) * sizeof(T);
    const std::size_t usable = (bytes + page - 1) / page * page;
    mapped_ = usable + page;
    start_ = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start_ == MAP_FAILED ||
        mprotect(static_cast<char*>(start_) + usable, page, PROT_NONE) != 0) {
      std::perror("a guarded buffer");
      std::exit(1);
    }
    data = reinterpret_cast<T*>(static_cast<char*>(start_) + usable - bytes);
    size = n;
  }
  ~Buffer() { munmap(start_, mapped_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  T& operator[](std::size_t i) const { return data[i]; }
  T* begin() const { return data; }
  T* end() const { return data + size; }

  T* data;
  std::size_t size;

 private:
  void* start_;
  std::size_t mapped_;
};

}  // namespace edgegeo

#include "pairs.h"

#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace edgegeo {

void prefetch_rows([[maybe_unused]] View<const std::int8_t> tokens,
                   [[maybe_unused]] const std::int32_t* ids,
                   [[maybe_unused]] std::size_t k) noexcept {
#if defined(__linux__)
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  for (std::size_t j = 0; j != k; ++j) {
    const auto row = reinterpret_cast<std::uintptr_t>(tokens.row(static_cast<std::size_t>(ids[j])));
    const std::uintptr_t start = row / page * page;
    // A refusal changes nothing: the row is read when it is touched.
    (void)madvise(reinterpret_cast<void*>(start), row + tokens.cols - start, MADV_WILLNEED);
  }
#endif
}

}  // namespace edgegeo

#include "dot_x86.h"
#include "lanes_256.h"

namespace edgegeo {
namespace {

// vpdpbusd multiplies unsigned bytes with signed ones: the rows are moved by 128. Its sums wrap
// at 32 bits, so the biased ones may be of 33 as long as the bias goes again.
struct AvxVnni : Lanes256 {
  static constexpr std::size_t parts = 1;
  static constexpr bool biased = true;
  struct Wide {
    Lanes part[parts];
  };
  static Wide row(Lanes bytes) noexcept {
    return {{_mm256_xor_si256(bytes, _mm256_set1_epi8(-128))}};
  }
  static Wide query(Lanes bytes) noexcept { return {{bytes}}; }
  static Lanes add(Lanes sum, const Wide& row, const Wide& query) noexcept {
    return _mm256_dpbusd_avx_epi32(sum, row.part[0], query.part[0]);
  }
};

}  // namespace

void dot_avxvnni(const std::int8_t* queries, std::size_t q, const std::int8_t* const* rows,
                 std::size_t n, std::size_t d, std::int32_t* dots) noexcept {
  Dot<AvxVnni>::block(queries, q, rows, n, d, dots);
}

}  // namespace edgegeo

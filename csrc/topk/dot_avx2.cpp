#include "dot_x86.h"
#include "lanes_256.h"

namespace edgegeo {
namespace {

// Bytes become words, the even ones and the odd ones apart: every pair of products is exact in 32
// bits, -128 * -128 twice too.
struct Avx2 : Lanes256 {
  static constexpr std::size_t parts = 2;
  static constexpr bool biased = false;
  struct Wide {
    Lanes part[parts];
  };
  static Wide row(Lanes bytes) noexcept {
    return {{_mm256_srai_epi16(_mm256_slli_epi16(bytes, 8), 8), _mm256_srai_epi16(bytes, 8)}};
  }
  static Wide query(Lanes bytes) noexcept { return row(bytes); }
  static Lanes add(Lanes sum, const Wide& row, const Wide& query) noexcept {
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(row.part[0], query.part[0]));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(row.part[1], query.part[1]));
  }
};

}  // namespace

void dot_avx2(const std::int8_t* queries, std::size_t q, const std::int8_t* const* rows,
              std::size_t n, std::size_t d, std::int32_t* dots) noexcept {
  Dot<Avx2>::block(queries, q, rows, n, d, dots);
}

}  // namespace edgegeo

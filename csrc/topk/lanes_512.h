// The moves of dot_x86.h over registers of 512 bits, AVX-512 with BW and VL.
#pragma once
#include <immintrin.h>

#include "dot.h"

namespace edgegeo {
namespace {

struct Lanes512 {
  using Lanes = __m512i;
  static constexpr std::size_t lanes = 16;
  static constexpr std::size_t together = 8;  // queries whose sums fit 32 registers

  static Lanes zero() noexcept { return _mm512_setzero_si512(); }
  static Lanes broadcast(std::int32_t x) noexcept { return _mm512_set1_epi32(x); }
  static Lanes load(const std::int8_t* x) noexcept { return _mm512_loadu_si512(x); }
  static Lanes load(const std::int8_t* x, std::size_t count) noexcept {  // fewer than 64
    return _mm512_maskz_loadu_epi8((std::uint64_t{1} << count) - 1, x);
  }
  static Lanes load_sums(const std::int32_t* x) noexcept { return _mm512_loadu_si512(x); }
  static void store(std::int32_t* to, Lanes x) noexcept { _mm512_storeu_si512(to, x); }

  // The sum over the lanes of each.
  static void totals(Lanes a, Lanes b, Lanes c, Lanes d, std::int32_t* to) noexcept {
    a = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    c = _mm512_add_epi32(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
    a = _mm512_add_epi32(_mm512_unpacklo_epi64(a, c), _mm512_unpackhi_epi64(a, c));
    const __m256i eight =
        _mm256_add_epi32(_mm512_castsi512_si256(a), _mm512_extracti64x4_epi64(a, 1));
    _mm_storeu_si128(
        reinterpret_cast<__m128i*>(to),
        _mm_add_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1)));
  }

  // The first `count` <= 16 bytes from `from` on of sixteen rows: lane r of out[i] has bytes 4i to
  // 4i + 3 of row r.
  static void transpose(const std::int8_t* const* rows, std::size_t from, std::size_t count,
                        Lanes out[4]) noexcept {
    const auto mask = static_cast<__mmask16>((1u << count) - 1);
    Lanes x[4];
    for (std::size_t r = 0; r != 4; ++r) {
      x[r] = _mm512_castsi128_si512(_mm_maskz_loadu_epi8(mask, rows[r] + from));
      x[r] = _mm512_inserti32x4(x[r], _mm_maskz_loadu_epi8(mask, rows[r + 4] + from), 1);
      x[r] = _mm512_inserti32x4(x[r], _mm_maskz_loadu_epi8(mask, rows[r + 8] + from), 2);
      x[r] = _mm512_inserti32x4(x[r], _mm_maskz_loadu_epi8(mask, rows[r + 12] + from), 3);
    }
    const Lanes low0 = _mm512_unpacklo_epi32(x[0], x[1]), low1 = _mm512_unpacklo_epi32(x[2], x[3]);
    const Lanes high0 = _mm512_unpackhi_epi32(x[0], x[1]);
    const Lanes high1 = _mm512_unpackhi_epi32(x[2], x[3]);
    out[0] = _mm512_unpacklo_epi64(low0, low1);
    out[1] = _mm512_unpackhi_epi64(low0, low1);
    out[2] = _mm512_unpacklo_epi64(high0, high1);
    out[3] = _mm512_unpackhi_epi64(high0, high1);
  }
};

}  // namespace
}  // namespace edgegeo

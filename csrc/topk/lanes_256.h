// The moves of dot_x86.h over registers of 256 bits, AVX2.
#pragma once
#include <immintrin.h>

#include <cstring>

#include "dot.h"

namespace edgegeo {
namespace {

struct Lanes256 {
  using Lanes = __m256i;
  static constexpr std::size_t lanes = 8;
  static constexpr std::size_t together = 4;  // queries whose sums fit 16 registers

  static Lanes zero() noexcept { return _mm256_setzero_si256(); }
  static Lanes broadcast(std::int32_t x) noexcept { return _mm256_set1_epi32(x); }
  static Lanes load(const std::int8_t* x) noexcept {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x));
  }
  static Lanes load(const std::int8_t* x, std::size_t count) noexcept {  // fewer than 32
    std::int8_t bytes[32] = {};
    std::memcpy(bytes, x, count);
    return load(bytes);
  }
  static Lanes load_sums(const std::int32_t* x) noexcept {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x));
  }
  static void store(std::int32_t* to, Lanes x) noexcept {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), x);
  }

  // The sum over the lanes of each.
  static void totals(Lanes a, Lanes b, Lanes c, Lanes d, std::int32_t* to) noexcept {
    a = _mm256_add_epi32(_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
    c = _mm256_add_epi32(_mm256_unpacklo_epi32(c, d), _mm256_unpackhi_epi32(c, d));
    a = _mm256_add_epi32(_mm256_unpacklo_epi64(a, c), _mm256_unpackhi_epi64(a, c));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                     _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1)));
  }

  // The first 16 of `count` bytes from `from` on of eight rows: lane r of out[i] has bytes 4i to 4i
  // + 3 of row r.
  static void transpose(const std::int8_t* const* rows, std::size_t from, std::size_t count,
                        Lanes out[4]) noexcept {
    Lanes x[4];
    for (std::size_t r = 0; r != 4; ++r) {
      x[r] = _mm256_inserti128_si256(_mm256_castsi128_si256(load16(rows[r] + from, count)),
                                     load16(rows[4 + r] + from, count), 1);
    }
    const Lanes low0 = _mm256_unpacklo_epi32(x[0], x[1]), low1 = _mm256_unpacklo_epi32(x[2], x[3]);
    const Lanes high0 = _mm256_unpackhi_epi32(x[0], x[1]);
    const Lanes high1 = _mm256_unpackhi_epi32(x[2], x[3]);
    out[0] = _mm256_unpacklo_epi64(low0, low1);
    out[1] = _mm256_unpackhi_epi64(low0, low1);
    out[2] = _mm256_unpacklo_epi64(high0, high1);
    out[3] = _mm256_unpackhi_epi64(high0, high1);
  }

  static __m128i load16(const std::int8_t* x, std::size_t count) noexcept {
    std::int8_t bytes[16] = {};
    if (count < 16) x = static_cast<const std::int8_t*>(std::memcpy(bytes, x, count));
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(x));
  }
};

}  // namespace
}  // namespace edgegeo

#include <immintrin.h>

#include <cstring>

#include "dot.h"

// Only intrinsics and functions of this file: an inline function of a shared header compiled
// here could be the copy that the linker keeps for CPUs without AVX2.
namespace edgegeo {
namespace {

// Widened to 16 bits: every pair of products is exact in 32. maddubs on the bytes, with the rows'
// signs moved to the query, is wrong for a query of -128 and was only a tenth faster.
__m256i load16(const std::int8_t* x) noexcept {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x)));
}

std::int32_t total(__m256i sum) noexcept {
  const __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
  const __m128i two = _mm_add_epi32(four, _mm_unpackhi_epi64(four, four));
  return _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 1)));
}

// Q queries against R rows: Q * R running sums stay in registers.
template <int Q, int R>
void dot_tile(const std::int8_t* queries, const std::int8_t* const* rows, std::size_t d,
              std::int32_t* dots, std::size_t stride) noexcept {
  __m256i sum[Q][R];
  for (int q = 0; q != Q; ++q) {
    for (int r = 0; r != R; ++r) sum[q][r] = _mm256_setzero_si256();
  }
  std::size_t i = 0;
  for (; i + 16 <= d; i += 16) {
    __m256i row[R];
    for (std::size_t r = 0; r != R; ++r) row[r] = load16(rows[r] + i);
    for (std::size_t q = 0; q != Q; ++q) {
      const __m256i query = load16(queries + q * d + i);
      for (std::size_t r = 0; r != R; ++r) {
        sum[q][r] = _mm256_add_epi32(sum[q][r], _mm256_madd_epi16(query, row[r]));
      }
    }
  }
  for (std::size_t q = 0; q != Q; ++q) {
    for (std::size_t r = 0; r != R; ++r) {
      std::int32_t dot = total(sum[q][r]);
      for (std::size_t j = i; j != d; ++j) dot += queries[q * d + j] * rows[r][j];
      dots[q * stride + r] = dot;
    }
  }
}

template <int Q, int R>
void dot_rows(const std::int8_t* queries, const std::int8_t* const* rows, std::size_t n,
              std::size_t d, std::int32_t* dots, std::size_t stride) noexcept {
  std::size_t row = 0;
  for (; row + R <= n; row += R) dot_tile<Q, R>(queries, rows + row, d, dots + row, stride);
  for (; row != n; ++row) dot_tile<Q, 1>(queries, rows + row, d, dots + row, stride);
}

void dot_few(const std::int8_t* queries, std::size_t q, const std::int8_t* const* rows,
             std::size_t n, std::size_t d, std::int32_t* dots, std::size_t stride) noexcept {
  switch (q) {
    case 1:
      return dot_rows<1, 4>(queries, rows, n, d, dots, stride);
    case 2:
      return dot_rows<2, 3>(queries, rows, n, d, dots, stride);
    default:
      return dot_rows<3, 2>(queries, rows, n, d, dots, stride);
  }
}

// Many queries: rows are packed eight side by side, two columns of each in a lane, so that a lane
// holds the sum of one row and no sum is ever taken across lanes. Packing is paid once for all
// queries. Columns are done in strips that fit the first-level cache.
constexpr std::size_t strip = 256;   // columns, even
constexpr std::size_t packed = 16;   // rows: two registers of eight
constexpr std::size_t together = 4;  // queries

std::size_t lesser(std::size_t a, std::size_t b) noexcept { return a < b ? a : b; }

// The first 16 of `count` bytes, zeros where there are fewer.
__m128i load_bytes(const std::int8_t* x, std::size_t count) noexcept {
  if (count >= 16) return _mm_loadu_si128(reinterpret_cast<const __m128i*>(x));
  std::int8_t bytes[16] = {};
  std::memcpy(bytes, x, count);
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
}

// Sixteen columns of eight rows, from column `from` on: out[2 * p] gets columns 2p and 2p + 1 of
// each.
void pack8(const std::int8_t* const* rows, std::size_t from, std::size_t count,
           __m256i* out) noexcept {
  __m128i a[8], b[8];
  for (std::size_t r = 0; r != 8; ++r) a[r] = load_bytes(rows[r] + from, count);
  for (std::size_t r = 0; r != 4; ++r) {
    b[2 * r] = _mm_unpacklo_epi16(a[2 * r], a[2 * r + 1]);  // pairs 0 to 3 of rows 2r, 2r + 1
    b[2 * r + 1] = _mm_unpackhi_epi16(a[2 * r], a[2 * r + 1]);
  }
  for (std::size_t r = 0; r != 2; ++r) {
    for (std::size_t half = 0; half != 2; ++half) {  // pairs 4 * half, + 1 and + 2, + 3
      const __m128i low = b[4 * r + half], high = b[4 * r + 2 + half];
      a[4 * r + 2 * half] = _mm_unpacklo_epi32(low, high);
      a[4 * r + 2 * half + 1] = _mm_unpackhi_epi32(low, high);
    }
  }
  for (std::size_t p = 0; p != 4; ++p) {
    out[4 * p] = _mm256_cvtepi8_epi16(_mm_unpacklo_epi64(a[p], a[4 + p]));
    out[4 * p + 2] = _mm256_cvtepi8_epi16(_mm_unpackhi_epi64(a[p], a[4 + p]));
  }
}

// Q queries of `pairs` pairs of columns, widened, `strip` apart, with the packed rows.
template <int Q>
void dot_packed(const std::int16_t* queries, const __m256i* rows, std::size_t pairs, bool first,
                std::int32_t* dots, std::size_t stride) noexcept {
  __m256i sum[Q][2];
  for (std::size_t q = 0; q != Q; ++q) sum[q][0] = sum[q][1] = _mm256_setzero_si256();
  for (std::size_t p = 0; p != pairs; ++p) {
    const __m256i low = rows[2 * p], high = rows[2 * p + 1];
    for (std::size_t q = 0; q != Q; ++q) {
      std::int32_t two;
      std::memcpy(&two, queries + q * strip + 2 * p, sizeof two);
      const __m256i query = _mm256_set1_epi32(two);
      sum[q][0] = _mm256_add_epi32(sum[q][0], _mm256_madd_epi16(query, low));
      sum[q][1] = _mm256_add_epi32(sum[q][1], _mm256_madd_epi16(query, high));
    }
  }
  for (std::size_t q = 0; q != Q; ++q) {
    for (std::size_t half = 0; half != 2; ++half) {
      auto* at = reinterpret_cast<__m256i*>(dots + q * stride + 8 * half);
      const __m256i before = first ? _mm256_setzero_si256() : _mm256_loadu_si256(at);
      _mm256_storeu_si256(at, _mm256_add_epi32(before, sum[q][half]));
    }
  }
}

// n is a multiple of `packed`.
void dot_many(const std::int8_t* queries, std::size_t q, const std::int8_t* const* rows,
              std::size_t n, std::size_t d, std::int32_t* dots, std::size_t stride) noexcept {
  __m256i wide[dot_queries][strip / 16], lanes[strip];
  for (std::size_t from = 0; from < d; from += strip) {
    const std::size_t columns = lesser(strip, d - from), pairs = (columns + 1) / 2;
    for (std::size_t i = 0; i != q; ++i) {
      for (std::size_t c = 0; c < columns; c += 16) {
        wide[i][c / 16] = _mm256_cvtepi8_epi16(load_bytes(queries + i * d + from + c, columns - c));
      }
    }
    for (std::size_t row = 0; row != n; row += packed) {
      for (std::size_t c = 0; c < columns; c += 16) {
        pack8(rows + row, from + c, columns - c, lanes + c);
        pack8(rows + row + 8, from + c, columns - c, lanes + c + 1);
      }
      std::size_t i = 0;
      for (; i + together <= q; i += together) {
        dot_packed<together>(reinterpret_cast<const std::int16_t*>(wide[i]), lanes, pairs,
                             from == 0, dots + i * stride + row, stride);
      }
      for (; i != q; ++i) {
        dot_packed<1>(reinterpret_cast<const std::int16_t*>(wide[i]), lanes, pairs, from == 0,
                      dots + i * stride + row, stride);
      }
    }
  }
}

}  // namespace

void dot_avx2(const std::int8_t* queries, std::size_t q, const std::int8_t* const* rows,
              std::size_t n, std::size_t d, std::int32_t* dots) noexcept {
  const std::size_t many = q < together || d == 0 ? 0 : n / packed * packed;
  if (many != 0) dot_many(queries, q, rows, many, d, dots, n);
  for (std::size_t i = 0; i < q; i += 3) {
    dot_few(queries + i * d, lesser(3, q - i), rows + many, n - many, d, dots + i * n + many, n);
  }
}

}  // namespace edgegeo

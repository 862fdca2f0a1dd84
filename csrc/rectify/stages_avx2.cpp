#include <immintrin.h>

#include <algorithm>

#include "stages.h"

namespace edgegeo {
namespace {

const __m128i* bits(const void* at) noexcept { return static_cast<const __m128i*>(at); }
const __m256i* wide(const void* at) noexcept { return static_cast<const __m256i*>(at); }

void store(std::uint16_t* at, __m256i words) noexcept {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(at), words);
}

void widen(const std::uint8_t* values, std::size_t n, std::uint16_t* plane) noexcept {
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    store(plane + i, _mm256_slli_epi16(_mm256_cvtepu8_epi16(_mm_loadu_si128(bits(values + i))), 7));
  }
  for (; i != n; ++i) plane[i] = static_cast<std::uint16_t>(values[i] * plane_one);
}

void sum_rows(const std::uint8_t* values, std::size_t stride, std::size_t rows, std::size_t n,
              std::uint16_t* sums) noexcept {
  std::size_t i = 0;
  for (; i + 64 <= n; i += 64) {
    __m256i total[4] = {};
    const std::uint8_t* at = values + i;
    for (std::size_t row = 0; row != rows; ++row, at += stride) {
      for (std::size_t part = 0; part != 4; ++part) {
        total[part] = _mm256_add_epi16(total[part],
                                       _mm256_cvtepu8_epi16(_mm_loadu_si128(bits(at + 16 * part))));
      }
    }
    for (std::size_t part = 0; part != 4; ++part) store(sums + i + 16 * part, total[part]);
  }
  for (; i != n; ++i) {
    unsigned sum = 0;
    for (std::size_t row = 0; row != rows; ++row) sum += values[row * stride + i];
    sums[i] = static_cast<std::uint16_t>(sum);
  }
}

// 16 bytes of one place and of another.
__m256i two(const void* first, const void* second) noexcept {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(bits(first))),
                                 _mm_loadu_si128(bits(second)), 1);
}

// Six words of either half of a register.
void store_twelve(std::uint16_t* at, __m256i words) noexcept {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(at), _mm256_castsi256_si128(words));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(at + 6), _mm256_extracti128_si256(words, 1));
}

// Sums of 16 bits, four cells at a time.
void average_fours(const std::uint16_t* sums, std::size_t cells, std::size_t factor, Mean mean,
                   std::uint16_t* plane) noexcept {
  const __m128i shift = _mm_cvtsi32_si128(mean.shift);
  const __m256i by = _mm256_set1_epi16(static_cast<std::int16_t>(mean.by));
  for (std::size_t i = 0; i != cells; i += 4, sums += 12 * factor) {
    __m256i even = _mm256_setzero_si256(), odd = even;  // cells 0 and 2, 1 and 3
    for (std::size_t j = 0; j != factor; ++j) {
      const std::uint16_t* at = sums + 3 * j;
      even = _mm256_add_epi16(even, two(at, at + 6 * factor));
      odd = _mm256_add_epi16(odd, two(at + 3 * factor, at + 9 * factor));
    }
    even = _mm256_slli_si256(even, 10);  // three words at the top, then three at the bottom
    const __m256i total = _mm256_alignr_epi8(odd, even, 10);
    store_twelve(plane + 3 * i, _mm256_mulhi_epu16(_mm256_sll_epi16(total, shift), by));
  }
}

void average_row(const std::uint16_t* sums, std::size_t cells, std::size_t factor, Mean mean,
                 std::uint16_t* plane) noexcept {
  if (factor <= 16) {
    const std::size_t fours = cells / 4 * 4;
    average_fours(sums, fours, factor, mean, plane);
    sums += 3 * fours * factor, plane += 3 * fours, cells -= fours;
  }
  const __m128i left = _mm_cvtsi32_si128(std::max(mean.shift, 0));
  const __m128i right = _mm_cvtsi32_si128(std::max(-mean.shift, 0));
  const __m128i by = _mm_set1_epi32(mean.by);
  for (std::size_t i = 0; i != cells; ++i) {
    __m128i total = _mm_setzero_si128();
    for (std::size_t j = 0; j != factor; ++j, sums += 3) {
      total = _mm_add_epi32(total, _mm_cvtepu16_epi32(_mm_loadl_epi64(bits(sums))));
    }
    total = _mm_srl_epi32(_mm_sll_epi32(total, left), right);
    const __m128i means = _mm_srli_epi32(_mm_mullo_epi32(total, by), 16);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(plane + 3 * i), _mm_packus_epi32(means, means));
  }
}

void average_pairs(const std::uint8_t* upper, const std::uint8_t* lower, std::size_t cells,
                   std::uint16_t* plane) noexcept {
  const __m256i beside = _mm256_setr_epi8(  // each channel of a pixel and of its right neighbour
      0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11, -1, -1, -1, -1,  //
      0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11, -1, -1, -1, -1);
  const __m256i ones = _mm256_set1_epi8(1);
  const auto sums = [&](const std::uint8_t* at) {
    return _mm256_maddubs_epi16(_mm256_shuffle_epi8(two(at, at + 12), beside), ones);
  };
  std::size_t i = 0;
  for (; i + 5 <= cells; i += 4, upper += 24, lower += 24) {  // 28 bytes are read
    store_twelve(plane + 3 * i, _mm256_slli_epi16(_mm256_add_epi16(sums(upper), sums(lower)), 5));
  }
  for (; i != cells; ++i, upper += 6, lower += 6) {
    for (std::size_t c = 0; c != 3; ++c) {
      plane[3 * i + c] =
          static_cast<std::uint16_t>((upper[c] + upper[c + 3] + lower[c] + lower[c + 3]) << 5);
    }
  }
}

void smooth(const std::uint16_t* a, const std::uint16_t* b, const std::uint16_t* c, std::size_t n,
            std::int16_t share, std::uint16_t* out) noexcept {
  const __m256i by = _mm256_set1_epi16(share);
  const auto sixteen = [&](std::size_t i) {
    const __m256i here = _mm256_loadu_si256(wide(b + i));
    const __m256i beside =
        _mm256_avg_epu16(_mm256_loadu_si256(wide(a + i)), _mm256_loadu_si256(wide(c + i)));
    const __m256i change = _mm256_mulhrs_epi16(_mm256_sub_epi16(beside, here), by);
    store(out + i, _mm256_add_epi16(here, change));
  };
  std::size_t i = 0;
  for (; i + 32 <= n; i += 32) {
    sixteen(i);
    sixteen(i + 16);
  }
  for (; i != n; ++i) {
    const std::int32_t beside = (a[i] + c[i] + 1) >> 1;
    out[i] = static_cast<std::uint16_t>(b[i] + (((beside - b[i]) * share + 0x4000) >> 15));
  }
}

// Into [0, last]; NaN becomes 0.
__m256 into(__m256 x, float last) noexcept {
  return _mm256_min_ps(_mm256_max_ps(x, _mm256_setzero_ps()), _mm256_set1_ps(last));
}

// The taps of eight pixels: pixel i and pixel i + 4 lie alike in both halves of a register.
struct Eight {
  __m256i upper, lower;  // shares of the left and the right column in one word each, in 2^-14
  alignas(32) std::int32_t at[8];

  Eight(const Line& line, std::size_t stride, __m256 i, __m256 scale) noexcept {
    const auto place = [&](float start, float step, float last) {
      const __m256 x = _mm256_fmadd_ps(i, _mm256_set1_ps(step), _mm256_set1_ps(start));
      return into(_mm256_mul_ps(scale, x), last);
    };
    const __m256 x = place(line.x, line.dx, line.last_col);
    const __m256 y = place(line.y, line.dy, line.last_row);
    const __m256i col = _mm256_cvttps_epi32(x), row = _mm256_cvttps_epi32(y);
    const __m256 rest_x = _mm256_sub_ps(x, _mm256_cvtepi32_ps(col));
    const __m256 rest_y = _mm256_sub_ps(y, _mm256_cvtepi32_ps(row));
    const __m256i fx = _mm256_cvttps_epi32(_mm256_mul_ps(rest_x, _mm256_set1_ps(16384.0f)));
    const __m256i fy = _mm256_cvttps_epi32(_mm256_mul_ps(rest_y, _mm256_set1_ps(32768.0f)));
    // the words 16384 - fx and fx
    const __m256i shares =
        _mm256_add_epi32(_mm256_set1_epi32(16384), _mm256_sub_epi32(_mm256_slli_epi32(fx, 16), fx));
    lower = _mm256_mulhrs_epi16(shares, _mm256_or_si256(fy, _mm256_slli_epi32(fy, 16)));
    upper = _mm256_sub_epi16(shares, lower);
    const __m256i words = _mm256_mullo_epi32(row, _mm256_set1_epi32(static_cast<int>(stride)));
    const __m256i thrice = _mm256_add_epi32(col, _mm256_slli_epi32(col, 1));
    _mm256_store_si256(reinterpret_cast<__m256i*>(at), _mm256_add_epi32(words, thrice));
  }

  template <int i>
  __m256 taps(const std::uint16_t* cells, std::size_t stride) const noexcept {
    const __m256i beside = _mm256_setr_epi8(  // a cell's channels and its right neighbour's in turn
        0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11, -1, -1, -1, -1,  //
        0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11, -1, -1, -1, -1);
    const std::uint16_t *one = cells + at[i], *other = cells + at[i + 4];
    const __m256i above = _mm256_shuffle_epi8(two(one, other), beside);
    const __m256i below = _mm256_shuffle_epi8(two(one + stride, other + stride), beside);
    return _mm256_cvtepi32_ps(
        _mm256_add_epi32(_mm256_madd_epi16(above, _mm256_shuffle_epi32(upper, i * 0x55)),
                         _mm256_madd_epi16(below, _mm256_shuffle_epi32(lower, i * 0x55))));
  }
};

// Sums of four pairs of pixels to three rows of eight values.
struct Sums {
  __m256 a = _mm256_setzero_ps(), b = a, c = a, d = a;

  void add(const Eight& eight, const std::uint16_t* cells, std::size_t stride) noexcept {
    a = _mm256_add_ps(a, eight.taps<0>(cells, stride));
    b = _mm256_add_ps(b, eight.taps<1>(cells, stride));
    c = _mm256_add_ps(c, eight.taps<2>(cells, stride));
    d = _mm256_add_ps(d, eight.taps<3>(cells, stride));
  }

  void write(__m256 by, float* first, float* second, float* third) const noexcept {
    const __m256d low_ab = _mm256_castps_pd(_mm256_unpacklo_ps(a, b));
    const __m256d low_cd = _mm256_castps_pd(_mm256_unpacklo_ps(c, d));
    const __m256d high_ab = _mm256_castps_pd(_mm256_unpackhi_ps(a, b));
    const __m256d high_cd = _mm256_castps_pd(_mm256_unpackhi_ps(c, d));
    const auto row = [by](__m256d sums, float* out) {
      const __m256 value = _mm256_fmadd_ps(_mm256_castpd_ps(sums), by, _mm256_set1_ps(-2.0f));
      _mm256_storeu_ps(out, value);
    };
    row(_mm256_unpacklo_pd(low_ab, low_cd), first);
    row(_mm256_unpackhi_pd(low_ab, low_cd), second);
    row(_mm256_unpacklo_pd(high_ab, high_cd), third);
  }
};

void sample(const Line* lines, std::size_t taps, std::size_t stride, std::size_t count, float scale,
            float* first, float* second, float* third) noexcept {
  const __m256 by = _mm256_set1_ps(scale), one = _mm256_set1_ps(1.0f);
  const __m256 step = _mm256_set1_ps(8.0f);
  __m256 i = _mm256_setr_ps(0, 1, 2, 3, 4, 5, 6, 7);
  if (taps == 1 && lines->dw == 0) {  // no tilt: nearly always
    const Line line = *lines;
    const __m256 flat = _mm256_div_ps(one, _mm256_set1_ps(line.w));
    for (std::size_t done = 0; done < count; done += 8, i = _mm256_add_ps(i, step)) {
      Sums sums;
      sums.add(Eight(line, stride, i, flat), line.cells, stride);
      sums.write(by, first + done, second + done, third + done);
    }
    return;
  }
  for (std::size_t done = 0; done < count; done += 8, i = _mm256_add_ps(i, step)) {
    Sums sums;
    for (const Line* line = lines; line != lines + taps; ++line) {
      const __m256 w = _mm256_fmadd_ps(i, _mm256_set1_ps(line->dw), _mm256_set1_ps(line->w));
      sums.add(Eight(*line, stride, i, _mm256_div_ps(one, w)), line->cells, stride);
    }
    sums.write(by, first + done, second + done, third + done);
  }
}

void narrow(const float* values, std::size_t n, Half* out) noexcept {
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i),
                     _mm256_cvtps_ph(_mm256_loadu_ps(values + i), _MM_FROUND_TO_NEAREST_INT));
  }
  for (; i != n; ++i) out[i].bits = _cvtss_sh(values[i], _MM_FROUND_TO_NEAREST_INT);
}

}  // namespace

const Stages stages_avx2{widen, sum_rows, average_row, average_pairs, smooth, sample, narrow};

}  // namespace edgegeo

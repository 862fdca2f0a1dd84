// What the x86 targets of dot.h share. They differ in the width of a register and in how bytes are
// multiplied; a `Set` says both:
//
//   Lanes, lanes      a register of `lanes` sums of 32 bits, and its moves (lanes_256.h,
//   lanes_512.h) parts, Wide       4 * lanes bytes as factors, in `parts` registers row(), query()
//   bytes to factors                add()      a sum and 4 products a lane biased            row()
//   adds 128 to every byte: 128 times the query's sum has to go again
//
// The files that include this are compiled for different CPUs, so all of it is in an anonymous
// namespace and none of it is the standard library's: the linker must find nothing to merge.
#pragma once
#include <cstring>

#include "dot.h"

namespace edgegeo {
namespace {

template <class Set>
struct Dot {
  using Lanes = typename Set::Lanes;
  using Wide = typename Set::Wide;

  static constexpr std::size_t bytes = 4 * Set::lanes;
  static constexpr std::size_t many = 4;  // queries for which packing pays
  static constexpr std::size_t halves = 16 / Set::lanes, packed = 16;  // rows
  static constexpr std::size_t strip = 256;  // columns whose packed rows fit the first-level cache

  static std::size_t lesser(std::size_t a, std::size_t b) noexcept { return a < b ? a : b; }

  // The columns from i on: a register of them, or what is left and zeros.
  static Lanes load(const std::int8_t* x, std::size_t i, std::size_t d) noexcept {
    return i + bytes <= d ? Set::load(x + i) : Set::load(x + i, d - i);
  }

  static std::int32_t bias(const std::int8_t* query, std::size_t d) noexcept {
    if (!Set::biased) return 0;
    Lanes sum = Set::zero();
    for (std::size_t i = 0; i < d; i += bytes) {
      sum = Set::add(sum, Set::row(Set::zero()), Set::query(load(query, i, d)));
    }
    std::int32_t totals[4];
    Set::totals(sum, sum, sum, sum, totals);
    return totals[0];
  }

  // Modulo 2^32: the biased sum may not fit.
  static std::int32_t unbiased(std::int32_t sum, std::int32_t bias) noexcept {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(sum) -
                                     static_cast<std::uint32_t>(bias));
  }

  // Q queries against R rows: Q * R running sums stay in registers.
  template <std::size_t Q, std::size_t R>
  static void tile(const std::int8_t* queries, const std::int32_t* biases,
                   const std::int8_t* const* rows, std::size_t d, std::int32_t* dots,
                   std::size_t stride) noexcept {
    Lanes sum[Q][R];
    for (std::size_t q = 0; q != Q; ++q) {
      for (std::size_t r = 0; r != R; ++r) sum[q][r] = Set::zero();
    }
    const auto add = [&](const auto& loaded) {
      Wide query[Q];
      for (std::size_t q = 0; q != Q; ++q) query[q] = Set::query(loaded(queries + q * d));
      for (std::size_t r = 0; r != R; ++r) {
        const Wide row = Set::row(loaded(rows[r]));
        for (std::size_t q = 0; q != Q; ++q) sum[q][r] = Set::add(sum[q][r], row, query[q]);
      }
    };
    std::size_t i = 0;
    for (; i + bytes <= d; i += bytes) {
      add([i](const std::int8_t* x) { return Set::load(x + i); });
    }
    if (i != d) add([i, d](const std::int8_t* x) { return Set::load(x + i, d - i); });

    for (std::size_t q = 0; q != Q; ++q) {
      for (std::size_t r = 0; r < R; r += 4) {  // of fewer than four rows some twice
        const Lanes* of = sum[q];
        std::int32_t dot[4];
        Set::totals(of[r], of[(r + 1) % R], of[(r + 2) % R], of[(r + 3) % R], dot);
        for (std::size_t j = 0; j != 4 && r + j != R; ++j) {
          dots[q * stride + r + j] = unbiased(dot[j], biases[q]);
        }
      }
    }
  }

  template <std::size_t Q, std::size_t R>
  static void few(const std::int8_t* queries, const std::int32_t* biases,
                  const std::int8_t* const* rows, std::size_t n, std::size_t d, std::int32_t* dots,
                  std::size_t stride) noexcept {
    std::size_t row = 0;
    for (; row + R <= n; row += R) {
      tile<Q, R>(queries, biases, rows + row, d, dots + row, stride);
    }
    for (; row != n; ++row) tile<Q, 1>(queries, biases, rows + row, d, dots + row, stride);
  }

  // Many queries: rows are packed side by side, four columns of each in a lane, so that a lane
  // holds the sum of one row and no sum is ever taken across lanes. Packing is paid once for all
  // queries. Columns are done in strips.
  struct Fours {  // a strip of a query, four columns in each of `parts` numbers
    std::int32_t at[Set::parts][strip / 4];
  };

  static void widen(const std::int8_t* query, std::size_t columns, Fours& to) noexcept {
    for (std::size_t i = 0; i < columns; i += bytes) {
      const Wide wide = Set::query(load(query, i, columns));
      for (std::size_t p = 0; p != Set::parts; ++p) Set::store(to.at[p] + i / 4, wide.part[p]);
    }
  }

  template <std::size_t Q>
  static void multiply(const Fours* queries, const std::int32_t* biases, const Wide (*rows)[halves],
                       std::size_t fours, bool first, std::int32_t* dots,
                       std::size_t stride) noexcept {
    Lanes sum[Q][halves];
    for (std::size_t q = 0; q != Q; ++q) {
      for (std::size_t half = 0; half != halves; ++half) {
        sum[q][half] = first ? Set::broadcast(-biases[q])
                             : Set::load_sums(dots + q * stride + half * Set::lanes);
      }
    }
    for (std::size_t i = 0; i != fours; ++i) {
      for (std::size_t q = 0; q != Q; ++q) {
        Wide query;
        for (std::size_t p = 0; p != Set::parts; ++p) {
          query.part[p] = Set::broadcast(queries[q].at[p][i]);
        }
        for (std::size_t half = 0; half != halves; ++half) {
          sum[q][half] = Set::add(sum[q][half], rows[i][half], query);
        }
      }
    }
    for (std::size_t q = 0; q != Q; ++q) {
      for (std::size_t half = 0; half != halves; ++half) {
        Set::store(dots + q * stride + half * Set::lanes, sum[q][half]);
      }
    }
  }

  // n is a multiple of `packed`.
  static void all(const std::int8_t* queries, const std::int32_t* biases, std::size_t q,
                  const std::int8_t* const* rows, std::size_t n, std::size_t d, std::int32_t* dots,
                  std::size_t stride) noexcept {
    Fours fours[dot_queries];
    Wide side_by_side[strip / 4][halves];
    for (std::size_t from = 0; from < d; from += strip) {
      const std::size_t columns = lesser(strip, d - from);
      for (std::size_t i = 0; i != q; ++i) widen(queries + i * d + from, columns, fours[i]);
      for (std::size_t row = 0; row != n; row += packed) {
        for (std::size_t c = 0; c < columns; c += 16) {
          for (std::size_t half = 0; half != halves; ++half) {
            Lanes turned[4];
            Set::transpose(rows + row + half * Set::lanes, from + c, lesser(16, columns - c),
                           turned);
            for (std::size_t i = 0; i != 4; ++i) {
              side_by_side[c / 4 + i][half] = Set::row(turned[i]);
            }
          }
        }
        std::size_t i = 0;
        const auto next = [&](auto count) noexcept {
          multiply<count.value>(fours + i, biases + i, side_by_side, (columns + 3) / 4, from == 0,
                                dots + i * stride + row, stride);
          i += count.value;
        };
        while (i + Set::together <= q) next(Count<Set::together>{});
        if (Set::together == 8 && i + 4 <= q) next(Count<4>{});
        if (i + 2 <= q) next(Count<2>{});
        if (i != q) next(Count<1>{});
      }
    }
  }

  template <std::size_t N>
  struct Count {
    static constexpr std::size_t value = N;
  };

  static void block(const std::int8_t* queries, std::size_t q, const std::int8_t* const* rows,
                    std::size_t n, std::size_t d, std::int32_t* dots) noexcept {
    std::int32_t biases[dot_queries];
    for (std::size_t i = 0; i != q; ++i) biases[i] = bias(queries + i * d, d);
    std::size_t done = 0;
    if (q >= many && d != 0) {
      done = n / packed * packed;
      all(queries, biases, q, rows, done, d, dots, n);
    }
    const std::int8_t* const* rest = rows + done;
    for (std::size_t i = 0; i < q; i += 3) {
      const std::int8_t* some = queries + i * d;
      std::int32_t* to = dots + i * n + done;
      if (q - i == 1) {
        few<1, 8>(some, biases + i, rest, n - done, d, to, n);
      } else if (q - i == 2) {
        few<2, 4>(some, biases + i, rest, n - done, d, to, n);
      } else {
        few<3, Set::lanes / 4>(some, biases + i, rest, n - done, d, to, n);
      }
    }
  }
};

}  // namespace
}  // namespace edgegeo

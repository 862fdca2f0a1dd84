// The inner loops of the search. Integer sums are the same to the bit. Float sums are of d
// products: each target is within d * 2^-24 of the exact sum, as topk.h promises, for rows of any
// length times sum |q_i r_i|.
#include <algorithm>
#include <cfloat>
#include <limits>
#include <utility>
#include <vector>

#include "buffer.h"
#include "sizes.h"
#include "tests.h"

namespace edgegeo {
namespace {

constexpr std::size_t counts[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33};

// Where each of the rows is.
template <class Row>
std::vector<const Row*> pointers(const Buffer<Row>& rows, std::size_t n, std::size_t d) {
  std::vector<const Row*> found;
  for (std::size_t i = 0; i != n; ++i) found.push_back(rows.data + i * d);
  return found;
}

// -- integer queries

void same_dots(const Functions& fast, Tally& tally, const Buffer<std::int8_t>& queries,
               const Buffer<std::int8_t>& rows, std::size_t d, std::size_t n,
               std::initializer_list<std::size_t> together) {
  const auto at = pointers(rows, n, d);
  const Buffer<std::int32_t> wanted(dot_queries * n);
  dot_scalar(queries.data, dot_queries, at.data(), n, d, wanted.data);
  for (const std::size_t q : together) {
    const Buffer<std::int32_t> got(q * n);
    // the last q queries: they end where memory ends, as the rows do
    const std::size_t first = dot_queries - q;
    fast.dot(queries.data + first * d, q, at.data(), n, d, got.data);
    tally.same({"dot", fast.target, {d, q, n}}, got.data, wanted.data + first * n, q * n);
  }
}

void test_dots(const Functions& fast, Tally& tally) {
  for (const std::size_t d : widths()) {
    for (const std::size_t spare : {0, 1, 5}) {
      Random random(d + spare);
      const Buffer<std::int8_t> queries(dot_queries * d, spare);
      for (auto& each : queries) each = static_cast<std::int8_t>(random.between(-128, 127));
      for (const std::size_t n : counts) {
        const Buffer<std::int8_t> rows(n * d, spare);
        for (auto& each : rows) each = static_cast<std::int8_t>(random.between(-128, 127));
        same_dots(fast, tally, queries, rows, d, n, {1, 2, 3, 4, 5, 7, 8, 9, dot_queries});
      }
    }
  }
}

void test_widest_dots(const Functions& fast, Tally& tally) {
  constexpr std::int8_t extremes[] = {-128, 127};
  for (const std::int8_t query : extremes) {
    for (const std::int8_t row : extremes) {
      const Buffer<std::int8_t> queries(dot_queries * dot_widest), rows(17 * dot_widest);
      std::fill(queries.begin(), queries.end(), query);
      std::fill(rows.begin(), rows.end(), row);
      same_dots(fast, tally, queries, rows, dot_widest, 17, {1, 2, 11});
    }
  }
}

// -- float queries against float, half and int8 rows

double exact(float x) { return x; }
double exact(std::int8_t x) { return x; }
double exact(Half x) {  // another way than the kernels'
  const int sign = x.bits >> 15, exponent = (x.bits >> 10) & 31, fraction = x.bits & 1023;
  double value = std::ldexp(exponent == 0 ? fraction : 1024 + fraction, std::max(exponent, 1) - 25);
  if (exponent == 31) value = fraction == 0 ? HUGE_VAL : NAN;
  return sign != 0 ? -value : value;
}

enum class Kind { unit, wide, subnormal };

float draw(Random& random, Kind kind) {
  if (kind == Kind::subnormal) return std::ldexp(random.unit(), -127);
  return kind == Kind::wide ? std::ldexp(random.unit(), random.between(-40, 40)) : random.unit();
}
void draw(Random& random, Kind kind, float& to) { to = draw(random, kind); }
void draw(Random& random, Kind, std::int8_t& to) {
  to = static_cast<std::int8_t>(random.between(-128, 127));
}
void draw(Random& random, Kind kind, Half& to) {
  do {
    to.bits = static_cast<std::uint16_t>(random.bits());
    if (kind == Kind::subnormal) to.bits &= 0x83ff;
  } while (!std::isfinite(exact(to)));
}

// All queries beside the exact sums; then fewer of them, which must give the same to the bit.
template <class Row>
void test_scores(const Functions& fast, Tally& tally, Kind kind) {
  const auto score = std::get<ScoreBlock<Row>>(fast.scores);
  for (const std::size_t d : widths()) {
    Random random(d);
    const Buffer<float> queries(query_block * d);
    for (float& each : queries) each = draw(random, kind == Kind::wide ? kind : Kind::unit);
    for (const std::size_t n : counts) {
      if (d > 70 && n > 9) break;
      const Buffer<Row> rows(n * d, n % 3);
      for (Row& each : rows) draw(random, kind, each);
      const auto at = pointers(rows, n, d);
      const Buffer<float> got(query_block * n), plain(query_block * n);
      score(queries.data, query_block, at.data(), n, d, got.data);
      score_scalar(queries.data, query_block, at.data(), n, d, plain.data);
      std::vector<double> row(d);
      for (std::size_t j = 0; j != n; ++j) {
        for (std::size_t c = 0; c != d; ++c) row[c] = exact(rows[j * d + c]);
        for (std::size_t q = 0; q != query_block; ++q) {
          double sum = 0, length = 0;
          for (std::size_t c = 0; c != d; ++c) {
            const double product = queries[q * d + c] * row[c];
            sum += product;
            length += std::abs(product);
          }
          // the second term: a product below the normal numbers loses bits of its own
          const double bound = static_cast<double>(d) * (0x1p-24 * length + 0x1p-149);
          const std::size_t i = q * n + j;
          tally.close({"score", fast.target, {sizeof(Row), d, n}}, i, got[i], sum, bound);
          tally.close({"score", Target::scalar, {sizeof(Row), d, n}}, i, plain[i], sum, bound);
        }
      }
      for (const std::size_t q : {1, 2, 3, 4, 5, 7}) {
        const Buffer<float> some(q * n);
        const std::size_t first = query_block - q;
        score(queries.data + first * d, q, at.data(), n, d, some.data);
        tally.same({"score of fewer", fast.target, {sizeof(Row), d, q, n}}, some.data,
                   got.data + first * n, q * n);
      }
    }
  }
}

// One value that is not finite, or as large as there is, at every place of a row and of a query.
template <class Row>
void test_special_scores(const Functions& fast, Tally& tally, std::initializer_list<Row> specials) {
  const auto score = std::get<ScoreBlock<Row>>(fast.scores);
  for (std::size_t d = 1; d <= 20; ++d) {
    Random random(d);
    const Buffer<float> queries(2 * d);
    const Buffer<Row> rows(3 * d);
    for (float& each : queries) each = random.unit();
    for (Row& each : rows) draw(random, Kind::unit, each);
    const auto at_rows = pointers(rows, 3, d);
    const auto compare = [&] {
      float got[6], wanted[6];
      score(queries.data, 2, at_rows.data(), 3, d, got);
      score_scalar(queries.data, 2, at_rows.data(), 3, d, wanted);
      for (std::size_t i = 0; i != 6; ++i) {
        const double bound = static_cast<double>(d) * 0x1p-23 * std::abs(double{wanted[i]}) + 0.1;
        tally.close({"score, special", fast.target, {sizeof(Row), d}}, i, got[i], wanted[i], bound);
      }
    };
    for (const Row special : specials) {
      for (std::size_t at = 0; at != d; ++at) {
        const Row kept = std::exchange(rows[d + at], special);  // in the middle row
        compare();
        if constexpr (std::is_same_v<Row, float>) {
          const float query = std::exchange(queries[at], special);  // infinity times itself
          compare();
          queries[at] = query;
        }
        rows[d + at] = kept;
      }
    }
  }
}

// All 65,536 halves, in every lane and in the rest of a row.
void test_every_half(const Functions& fast, Tally& tally) {
  const auto score = std::get<ScoreBlock<Half>>(fast.scores);
  const float ones[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
  for (std::uint32_t bits = 0; bits != 1u << 16; ++bits) {
    Half row[9] = {};
    const Half* const rows[] = {row};
    const std::size_t at = bits % 9;
    row[at].bits = static_cast<std::uint16_t>(bits);
    float got, plain;
    score(ones, 1, rows, 1, 9, &got);
    score_scalar(ones, 1, rows, 1, 9, &plain);
    tally.close({"half", fast.target, {bits}}, 0, got, exact(row[at]), 0);
    tally.close({"half", Target::scalar, {bits}}, 0, plain, exact(row[at]), 0);
  }
}

}  // namespace

void test_topk(const Functions& fast, Tally& tally) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  test_dots(fast, tally);
  test_widest_dots(fast, tally);
  for (const Kind kind : {Kind::unit, Kind::wide, Kind::subnormal}) {
    test_scores<float>(fast, tally, kind);
  }
  for (const Kind kind : {Kind::unit, Kind::subnormal}) test_scores<Half>(fast, tally, kind);
  test_scores<std::int8_t>(fast, tally, Kind::unit);
  test_special_scores<float>(fast, tally, {NAN, infinity, -infinity, FLT_MAX, -FLT_MAX, -0.0f});
  test_special_scores<Half>(fast, tally, {{0x7e00}, {0x7c00}, {0xfc00}, {0x7bff}, {0x8000}});
  test_every_half(fast, tally);
}

}  // namespace edgegeo

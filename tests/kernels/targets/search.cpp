// The whole search beside a plain one: small whole numbers, whose sums are exact in any order and
// whose ties are many, and one row of NaN. So ids, scores and queries are the same on every target,
// for any number of threads, through the certified search too.
#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "buffer.h"
#include "sizes.h"
#include "tests.h"
#include "topk/certified.h"

namespace edgegeo {
namespace {

float draw_small(Random& random, float) { return static_cast<float>(random.between(-8, 8)); }
std::int8_t draw_small(Random& random, std::int8_t) {
  return static_cast<std::int8_t>(random.between(-8, 8));
}
Half draw_small(Random& random, Half) {  // 0, 1, 2 or 4, or less than 0
  constexpr std::uint16_t some[] = {0, 0x3c00, 0x4000, 0x4400, 0xbc00, 0xc000, 0xc400};
  return {some[random.between(0, 6)]};
}

double value(float x) { return x; }
double value(std::int8_t x) { return x; }
double value(Half x) {
  const double magnitude = x.bits % 0x8000 == 0 ? 0 : std::ldexp(1, (x.bits >> 10) % 32 - 15);
  return x.bits >= 0x8000 ? -magnitude : magnitude;
}

struct Found {
  Found(std::size_t g, std::size_t k) : ids(g * k), queries(g * k), scores(g * k) {}
  Buffer<std::int32_t> ids, queries;
  Buffer<float> scores;
};

template <class Query, class Row>
struct Case {
  Case(std::size_t q, std::size_t n, std::size_t d)
      : queries(q * d),
        query_scales(q),
        rows(n * d),
        scales(n),
        bitmap((n + 7) / 8),
        q(q),
        n(n),
        d(d) {
    Random random(d * n + q);
    for (Query& each : queries) each = draw_small(random, Query());
    for (Row& each : rows) each = draw_small(random, Row());
    for (float& each : query_scales) each = random.unit();
    for (float& each : scales) each = static_cast<float>(random.between(1, 2));
    for (auto& each : bitmap) each = static_cast<std::uint8_t>(random.bits());
    if (n > 5) scales[5] = NAN;
    const auto all = static_cast<std::int64_t>(n);
    const std::int64_t some[] = {0, all / 3, all / 2, all / 2, all / 2, all};
    std::copy(some, some + 6, ranges);
  }

  Rows searched(bool filtered) const { return {{ranges, 3, 2}, filtered ? bitmap.data : nullptr}; }

  float score(std::size_t query, std::size_t row) const {
    double sum = 0;
    for (std::size_t c = 0; c != d; ++c)
      sum += value(queries[query * d + c]) * value(rows[row * d + c]);
    float found = static_cast<float>(sum);
    if constexpr (std::is_same_v<Query, std::int8_t>) found = query_scales[query] * found;
    found = scales[row] * found;
    return std::isnan(found) ? -INFINITY : found;
  }

  void search_plainly(bool filtered, const std::vector<std::int64_t>& ends, std::size_t k,
                      const Found& found) const {
    std::size_t begin = 0;
    for (std::size_t g = 0; g != ends.size(); begin = static_cast<std::size_t>(ends[g++])) {
      struct Hit {
        std::int32_t id, query;
        float score;
      };
      std::vector<Hit> hits;
      for (std::size_t row = 0; row != n; ++row) {
        const bool in_range = row < n / 3 || row >= n / 2;
        if (!in_range || (filtered && (bitmap[row / 8] >> row % 8) % 2 == 0)) continue;
        Hit hit{static_cast<std::int32_t>(row), static_cast<std::int32_t>(begin),
                score(begin, row)};
        for (std::size_t i = begin + 1; i < static_cast<std::size_t>(ends[g]); ++i) {
          const float other = score(i, row);
          if (other > hit.score) hit = {hit.id, static_cast<std::int32_t>(i), other};
        }
        hits.push_back(hit);
      }
      std::stable_sort(hits.begin(), hits.end(),
                       [](const Hit& a, const Hit& b) { return a.score > b.score; });
      hits.resize(k, {-1, -1, -INFINITY});
      for (std::size_t i = 0; i != k; ++i) {
        found.ids[g * k + i] = hits[i].id;
        found.queries[g * k + i] = hits[i].query;
        found.scores[g * k + i] = hits[i].score;
      }
    }
  }

  void search(bool filtered, const std::vector<std::int64_t>& ends, std::size_t k,
              const Found& found, Pool* pool, Target target) const {
    const View<const Query> query_view{queries.data, q, d};
    const View<const Row> row_view{rows.data, n, d};
    const Groups groups{ends.data(), found.queries.data};
    const View<std::int32_t> ids{found.ids.data, ends.size(), k};
    const View<float> best{found.scores.data, ends.size(), k};
    if constexpr (std::is_same_v<Query, float>) {
      top_k(query_view, row_view, scales.data, searched(filtered), groups, ids, best, pool, target);
    } else {
      top_k(query_view, query_scales.data, row_view, scales.data, searched(filtered), groups, ids,
            best, pool, target);
    }
  }

  Buffer<Query> queries;
  Buffer<float> query_scales;
  Buffer<Row> rows;
  Buffer<float> scales;
  Buffer<std::uint8_t> bitmap;
  std::int64_t ranges[6];
  std::size_t q, n, d;
};

// Each query by itself, and groups of two and a rest.
std::vector<std::int64_t> ends_of(std::size_t q, std::size_t size) {
  std::vector<std::int64_t> ends;
  for (std::size_t end = 0; end != q;) {
    ends.push_back(static_cast<std::int64_t>(end = std::min(q, end + size)));
  }
  return ends;
}

template <class Query, class Row>
void test_kind(const Functions& fast, Tally& tally, Pool& pool) {
  for (const std::size_t d : {1, 8, 15, 16, 33}) {
    for (const std::size_t n : {0, 1, 2, 63, 64, 65, 200, 700}) {
      for (const std::size_t q : {0, 1, 2, 3, 4, 5, 9}) {
        const Case<Query, Row> some(q, n, d);
        for (const std::size_t k : {std::size_t{1}, std::size_t{7}, n + 3}) {
          for (const std::size_t size : {1, 2}) {
            for (const bool filtered : {false, true}) {
              const auto ends = ends_of(q, size);
              const Found got(ends.size(), k), shared(ends.size(), k), wanted(ends.size(), k);
              some.search(filtered, ends, k, got, nullptr, fast.target);
              some.search(filtered, ends, k, shared, &pool, fast.target);
              some.search_plainly(filtered, ends, k, wanted);
              const Where where{"top_k", fast.target, {sizeof(Query), sizeof(Row), d, n, q, k}};
              for (const Found* found : {&got, &shared}) {
                tally.same(where, found->ids.data, wanted.ids.data, wanted.ids.size);
                tally.same(where, found->queries.data, wanted.queries.data, wanted.ids.size);
                tally.same(where, found->scores.data, wanted.scores.data, wanted.ids.size);
              }
            }
          }
        }
      }
    }
  }
}

// Coarse rows that are off by up to a half, with true bounds; one row's are not known.
template <class Row>
void test_certified(const Functions& fast, Tally& tally, Pool& pool) {
  for (const std::size_t d : {1, 16, 33}) {
    for (const std::size_t n : {1, 64, 700}) {
      const std::size_t q = 3;
      const Case<float, Row> some(q, n, d);
      const Buffer<std::int8_t> coarse(n * d);
      const Buffer<float> scales(n), bounds(2 * n);
      for (std::size_t row = 0; row != n; ++row) {
        scales[row] = 1.5f;
        double error = 0, norm = 0;
        for (std::size_t c = 0; c != d; ++c) {
          const double exact = value(some.rows[row * d + c]), steps = std::nearbyint(exact / 1.5);
          coarse[row * d + c] = static_cast<std::int8_t>(steps);
          error += (exact - 1.5 * steps) * (exact - 1.5 * steps);
          norm += exact * exact;
        }
        bounds[2 * row] = static_cast<float>(1.0001 * std::sqrt(error));
        bounds[2 * row + 1] = static_cast<float>(1.0001 * std::sqrt(norm));
      }
      bounds[n / 2 * 2] = INFINITY;
      for (const std::size_t k : {std::size_t{1}, std::size_t{7}, n}) {
        for (const bool filtered : {false, true}) {
          const Found got(q, k), wanted(q, k);
          const Buffer<std::int64_t> rescored(q);
          const View<const float> queries{some.queries.data, q, d};
          const View<const Row> rows{some.rows.data, n, d};
          top_k(queries, rows, nullptr, some.searched(filtered), {}, {wanted.ids.data, q, k},
                {wanted.scores.data, q, k}, nullptr, fast.target);
          certified_top_k(queries, rows, {{coarse.data, n, d}, scales.data, bounds.data},
                          some.searched(filtered), {got.ids.data, q, k}, {got.scores.data, q, k},
                          rescored.data, &pool, fast.target);
          const Where where{"certified_top_k", fast.target, {sizeof(Row), d, n, k}};
          tally.same(where, got.ids.data, wanted.ids.data, q * k);
          tally.same(where, got.scores.data, wanted.scores.data, q * k);
        }
      }
    }
  }
}

}  // namespace

void test_search(const Functions& fast, Tally& tally) {
  Pool pool(3);
  test_kind<std::int8_t, std::int8_t>(fast, tally, pool);
  test_kind<float, float>(fast, tally, pool);
  test_kind<float, Half>(fast, tally, pool);
  test_kind<float, std::int8_t>(fast, tally, pool);
  test_certified<float>(fast, tally, pool);
  test_certified<Half>(fast, tally, pool);
}

}  // namespace edgegeo

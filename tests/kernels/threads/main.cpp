// The pool and what runs on it, for the thread sanitizer: without Python, small, and with every way
// that threads meet.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <thread>
#include <vector>

#include "pairs/pairs.h"
#include "pool.h"
#include "relate/relate.h"
#include "topk/certified.h"

namespace edgegeo {
namespace {

std::atomic<int> failed{0};

void expect(bool right, const char* what) {
  if (right) return;
  std::printf("failed: %s\n", what);
  ++failed;
}

void every_piece_is_done_once() {
  for (const std::size_t threads : {1, 2, 5}) {
    Pool pool(threads);
    for (const std::size_t count : {0, 1, 2, 7, 1000}) {
      std::vector<int> done(count);  // written without a lock, so that a second claim is a race
      pool.run(count, [&](std::size_t piece, std::size_t worker) {
        ++done[piece];
        expect(worker < threads, "workers are numbered below threads()");
      });
      for (const int times : done) expect(times == 1, "each piece once");
    }
  }
}

void sleepers_wake() {
  Pool pool(3);
  std::atomic<int> done{0};
  for (int i = 0; i != 30; ++i) {
    if (i % 10 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    pool.run(4, [&](std::size_t, std::size_t) { ++done; });
  }
  expect(done == 120, "all pieces of all calls");
}

void an_exception_reaches_the_caller_and_the_pool_lives_on() {
  Pool pool(3);
  for (int i = 0; i != 20; ++i) {
    bool caught = false;
    try {
      pool.run(50, [](std::size_t piece, std::size_t) {
        if (piece >= 5) throw std::runtime_error("a piece");
      });
    } catch (const std::runtime_error&) {
      caught = true;
    }
    expect(caught, "the exception");
    std::atomic<int> done{0};
    pool.run(50, [&](std::size_t, std::size_t) { ++done; });
    expect(done == 50, "a call after a failed one");
  }
}

void callers_take_turns() {
  Pool pool(2);
  std::vector<std::thread> callers;
  for (int caller = 0; caller != 4; ++caller) {
    callers.emplace_back([&] {
      for (int i = 0; i != 50; ++i) {
        std::vector<int> done(20);
        pool.run(20, [&](std::size_t piece, std::size_t) { ++done[piece]; });
        for (const int times : done) expect(times == 1, "each caller's pieces once");
      }
    });
  }
  for (std::thread& each : callers) each.join();
}

void searches_share_their_rows() {
  constexpr std::size_t n = 20000, d = 20, q = 3, k = 9;
  std::vector<float> rows(n * d), queries(rows.begin(), rows.begin() + q * d), scales(n, 1.0f);
  std::vector<std::int8_t> coarse(n * d);
  std::vector<float> bounds(2 * n);
  std::uint32_t state = 1;
  const auto draw = [&] { return static_cast<int>((state = state * 1664525 + 1013904223) >> 28); };
  for (float& each : queries) each = static_cast<float>(draw() - 8);
  for (std::size_t i = 0; i != n * d; ++i) {
    rows[i] = static_cast<float>(coarse[i] = static_cast<std::int8_t>(draw() - 8));
  }
  for (std::size_t i = 0; i != n; ++i) bounds[2 * i + 1] = 40;  // no value is over 8
  const std::int64_t all[] = {0, n};
  const Rows searched{{all, 1, 2}};

  std::vector<std::int32_t> ids(q * k), expected_ids(q * k);
  std::vector<float> scores(q * k), expected(q * k);
  std::vector<std::int64_t> rescored(q);
  const View<const float> query_view{queries.data(), q, d}, row_view{rows.data(), n, d};
  top_k(query_view, row_view, nullptr, searched, {}, {expected_ids.data(), q, k},
        {expected.data(), q, k}, nullptr, best_target());
  Pool pool(4);
  for (int i = 0; i != 5; ++i) {
    top_k(query_view, row_view, nullptr, searched, {}, {ids.data(), q, k}, {scores.data(), q, k},
          &pool, best_target());
    expect(ids == expected_ids && scores == expected, "the search of one thread");
    certified_top_k(query_view, row_view, {{coarse.data(), n, d}, scales.data(), bounds.data()},
                    searched, {ids.data(), q, k}, {scores.data(), q, k}, rescored.data(), &pool,
                    best_target());
    expect(ids == expected_ids && scores == expected, "the certified search");
  }
}

void candidates_are_shared() {
  constexpr Grid grid{6, 8};
  constexpr std::size_t n = 7, copies = 4, k = 40, places = 25;
  std::vector<std::int8_t> tokens(n * grid.values()), grids(copies * grid.values());
  std::uint32_t state = 1;
  const auto fill = [&](std::vector<std::int8_t>& values) {
    for (std::int8_t& each : values) {
      each = static_cast<std::int8_t>((state = state * 1664525 + 1013904223) >> 24);
    }
  };
  fill(tokens);
  fill(grids);
  const std::vector<float> scales(n, 0.01f);
  std::vector<std::int32_t> ids(k);
  const std::vector<std::int32_t> firsts(k);
  for (std::size_t j = 0; j != k; ++j) ids[j] = static_cast<std::int32_t>(j % n);
  const View<const std::int8_t> rows{tokens.data(), n, grid.values()};
  const Candidates candidates{rows, scales.data(), ids.data(), firsts.data(), k};
  const Copies turned{{grids.data(), copies, grid.values()}, scales.data(), copies};

  std::vector<float> score(k), cosine(k * places), overlap(k * places), alone;
  std::vector<std::int32_t> copy(k), shift(2 * k);
  std::vector<float> batch(k * grid.values()), batch_alone;
  for (const std::size_t threads : {1, 4, 4, 3}) {
    Pool pool(threads);
    relate(grid, candidates, turned, {2, 0.5f, 2},
           {score.data(), copy.data(), shift.data(), cosine.data(), overlap.data()}, pool,
           best_target());
    gather_pairs<float>(rows, scales.data(), ids.data(), {batch.data(), k, grid.values()}, pool,
                        best_target());
    if (threads == 1) {
      alone = score;
      batch_alone = batch;
    }
    expect(score == alone, "candidates related by one thread");
    expect(batch == batch_alone, "tokens gathered by one thread");
  }
}

}  // namespace
}  // namespace edgegeo

int main() {
  using namespace edgegeo;
  every_piece_is_done_once();
  sleepers_wake();
  an_exception_reaches_the_caller_and_the_pool_lives_on();
  callers_take_turns();
  searches_share_their_rows();
  candidates_are_shared();
  std::puts(failed == 0 ? "threads: passed" : "threads: FAILED");
  return failed == 0 ? 0 : 1;
}

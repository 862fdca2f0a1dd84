// Reads bytes as fast as the machine lets it: 8 streams a thread, summed. For reading.py.
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

namespace {

std::uint64_t sum(const std::uint64_t* words, std::size_t count) {
  constexpr std::size_t streams = 8, line = 8;
  const std::size_t part = count / streams / line * line;
  std::uint64_t lanes[line] = {};
  for (std::size_t at = 0; at < part; at += line) {
    for (std::size_t stream = 0; stream != streams; ++stream) {
      for (std::size_t i = 0; i != line; ++i) lanes[i] += words[stream * part + at + i];
    }
  }
  std::uint64_t total = 0;
  for (const std::uint64_t lane : lanes) total += lane;
  return total;
}

}  // namespace

extern "C" std::uint64_t read_all(const std::uint64_t* words, std::size_t count,
                                  std::size_t threads) {
  const std::size_t part = count / threads;
  std::vector<std::uint64_t> sums(threads);
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < threads; ++i) {
    others.emplace_back([=, &sums] { sums[i] = sum(words + i * part, part); });
  }
  sums[0] = sum(words, part);
  for (std::thread& each : others) each.join();
  std::uint64_t total = 0;
  for (const std::uint64_t each : sums) total += each;
  return total;
}

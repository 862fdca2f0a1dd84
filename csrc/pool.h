// Threads that share one call's work in pieces. They belong to an object, not to the process.
//
// Pieces    run(count, work) calls work(piece, worker) for every piece in [0, count) once, and
//           returns when all are done. Pieces are claimed in ascending order by whoever is free,
//           so a thread that the system holds up costs the others one piece, not their share.
// Workers   numbered from 0, the caller, to threads() - 1; a worker does one piece at a time.
// Awake     a thread waits for more work for `spin_us` and then sleeps, so that calls that follow
//           each other within a frame find it awake, and nothing turns between frames. The first
//           call starts the threads.
// Callers   may come from several threads: they take turns. Not from inside of a piece.
// Errors    the first exception of a piece is thrown to the caller once all threads have stopped;
//           pieces that nobody has begun are then left out. std::system_error where a thread
//           cannot be started.
// Fork      a child process starts threads of its own at its first call.
#pragma once
#include <atomic>
#include <cstddef>

namespace edgegeo {

class Pool {
 public:
  static constexpr int spin_us = 50;

  explicit Pool(std::size_t threads) noexcept : threads_(threads) {}  // at least 1
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  std::size_t threads() const noexcept { return threads_; }

  template <class Work>
  void run(std::size_t count, const Work& work) {
    run(count, {&work, [](const void* it, std::size_t piece, std::size_t worker) {
                  (*static_cast<const Work*>(it))(piece, worker);
                }});
  }

 private:
  struct Call {
    const void* work;
    void (*run)(const void* work, std::size_t piece, std::size_t worker);
  };
  class Crew;

  void run(std::size_t count, Call call);
  Crew& crew();

  std::size_t threads_;
  std::atomic<Crew*> crew_{nullptr};
};

}  // namespace edgegeo

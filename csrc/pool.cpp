#include "pool.h"

#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace edgegeo {
namespace {

void relax() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// Whether `ready` came true within spin_us.
template <class Ready>
bool spin(const Ready& ready) noexcept {
  using Clock = std::chrono::steady_clock;
  const auto until = Clock::now() + std::chrono::microseconds(Pool::spin_us);
  do {
    for (int i = 0; i != 32; ++i) {
      if (ready()) return true;
      relax();
    }
  } while (Clock::now() < until);
  return ready();
}

}  // namespace

class Pool::Crew {
 public:
  explicit Crew(std::size_t threads) : process_(getpid()) {
    try {
      for (std::size_t i = 1; i < threads; ++i) crew_.emplace_back([this, i] { attend(i); });
    } catch (...) {
      dismiss();
      throw;
    }
  }
  ~Crew() { dismiss(); }

  bool is_ours() const noexcept { return process_ == getpid(); }

  void run(std::size_t count, Call call) {
    const std::lock_guard<std::mutex> turn(turn_);
    Job job{call, count};
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      job_ = &job;
      number_.fetch_add(1, std::memory_order_release);
    }
    work_.notify_all();
    job.help(0);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      job_ = nullptr;  // whoever wakes from now on finds nothing to do
    }
    spin([this] { return busy_.load(std::memory_order_acquire) == 0; });
    {
      std::unique_lock<std::mutex> lock(mutex_);
      done_.wait(lock, [this] { return busy_.load(std::memory_order_relaxed) == 0; });
    }
    if (job.failed) std::rethrow_exception(job.failed);
  }

 private:
  struct Job {
    Call call;
    std::size_t count;
    std::atomic<std::size_t> next{0};
    std::mutex failing{};
    std::exception_ptr failed{};

    void help(std::size_t worker) noexcept {
      try {
        for (std::size_t piece; (piece = next.fetch_add(1, std::memory_order_relaxed)) < count;) {
          call.run(call.work, piece, worker);
        }
      } catch (...) {
        next.store(count, std::memory_order_relaxed);
        const std::lock_guard<std::mutex> lock(failing);
        if (!failed) failed = std::current_exception();
      }
    }
  };

  void attend(std::size_t worker) {
    for (unsigned seen = 0;;) {
      const auto called = [&] { return number_.load(std::memory_order_acquire) != seen; };
      spin(called);
      Job* job;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        work_.wait(lock, called);
        if (dismissed_) return;
        seen = number_.load(std::memory_order_relaxed);
        job = job_;
        if (job == nullptr) continue;
        busy_.fetch_add(1, std::memory_order_relaxed);
      }
      job->help(worker);
      const std::lock_guard<std::mutex> lock(mutex_);
      if (busy_.fetch_sub(1, std::memory_order_release) == 1) done_.notify_one();
    }
  }

  void dismiss() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      dismissed_ = true;
      number_.fetch_add(1, std::memory_order_release);
    }
    work_.notify_all();
    for (std::thread& each : crew_) each.join();
  }

  const pid_t process_;
  std::mutex turn_, mutex_;
  std::condition_variable work_, done_;
  std::atomic<unsigned> number_{0};   // of the job, so that each is attended once
  std::atomic<std::size_t> busy_{0};  // threads at the job
  Job* job_ = nullptr;                // guarded by mutex_, as is what follows
  bool dismissed_ = false;
  std::vector<std::thread> crew_;
};

Pool::~Pool() {
  Crew* crew = crew_.load();
  if (crew != nullptr && crew->is_ours()) delete crew;
}

void Pool::run(std::size_t count, Call call) {
  if (threads_ > 1 && count > 1) return crew().run(count, call);
  for (std::size_t piece = 0; piece != count; ++piece) call.run(call.work, piece, 0);
}

// A crew that came through a fork has no threads and maybe a locked mutex: it is left as it is.
Pool::Crew& Pool::crew() {
  Crew* crew = crew_.load(std::memory_order_acquire);
  while (crew == nullptr || !crew->is_ours()) {
    auto fresh = std::make_unique<Crew>(threads_);
    if (crew_.compare_exchange_strong(crew, fresh.get(), std::memory_order_acq_rel)) {
      crew = fresh.release();
    }
  }
  return *crew;
}

}  // namespace edgegeo

#include "kernels/shared/parallel.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

namespace moco {
namespace {

// A loop follows the last one within microseconds in a step, and much later elsewhere: wait awake for a moment first.
constexpr int kSpins = 2000;

class Pool {
 public:
  explicit Pool(int num_helpers) {
    try {
      for (int helper = 1; helper <= num_helpers; helper++) threads_.emplace_back([this, helper] { serve(helper); });
    } catch (const std::system_error&) {
      // Where the system gives no more threads, those there are do the work.
    }
  }

  void run(int num_tasks, const std::function<void(int, int)>& body) {
    std::lock_guard<std::mutex> one_loop_at_a_time(entry_);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      body_ = &body;
      num_tasks_ = num_tasks;
      next_.store(0);
      busy_.store(static_cast<int>(threads_.size()));
      generation_.fetch_add(1);
    }
    wake_.notify_all();
    take(0);
    for (int spin = 0; busy_.load(std::memory_order_acquire) > 0; spin++) {
      // Where another process has the other thread's core, let that thread have this one.
      if (spin < kSpins) pause();
      else std::this_thread::yield();
    }
    if (failed_.exchange(false)) throw std::bad_alloc();
  }

 private:
  static void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    std::this_thread::yield();
#endif
  }

  // Memory is all that a task can lack; an exception must not leave a thread of the pool.
  void take(int thread) {
    try {
      for (int task = next_.fetch_add(1); task < num_tasks_; task = next_.fetch_add(1)) (*body_)(task, thread);
    } catch (const std::bad_alloc&) {
      failed_.store(true);
    }
  }

  void serve(int thread) {
#if defined(__x86_64__)
    // As TensorFlow computes: numbers too small for their full digits are zero, on whichever thread.
    __builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | 0x8040);
#endif
    for (unsigned seen = 0;;) {
      for (int spin = 0; spin < kSpins && generation_.load(std::memory_order_acquire) == seen; spin++) pause();
      if (generation_.load(std::memory_order_acquire) == seen) {
        std::unique_lock<std::mutex> lock(mutex_);
        wake_.wait(lock, [&] { return generation_.load() != seen; });
      }
      seen++;
      take(thread);
      busy_.fetch_sub(1, std::memory_order_acq_rel);
    }
  }

  std::mutex entry_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<unsigned> generation_{0};
  std::atomic<int> next_{0};
  std::atomic<int> busy_{0};
  std::atomic<bool> failed_{false};
  int num_tasks_ = 0;
  const std::function<void(int, int)>* body_ = nullptr;
  std::vector<std::thread> threads_;
};

int threads_wanted() {
  const char* text = std::getenv("TF_NUM_INTRAOP_THREADS");
  const int wanted = text == nullptr ? 0 : std::atoi(text);
  return wanted > 0 ? wanted : std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace

int num_threads() {
  static const int count = threads_wanted();
  return count;
}

void parallel_for(int num_tasks, const std::function<void(int, int)>& body) {
  if (num_tasks <= 1 || num_threads() == 1) {
    for (int task = 0; task < num_tasks; task++) body(task, 0);
    return;
  }
  // Never destroyed: its threads wait until the process ends.
  static Pool& pool = *new Pool(num_threads() - 1);
  pool.run(num_tasks, body);
}

}  // namespace moco

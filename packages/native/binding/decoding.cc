#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "binding/images.h"
#include "binding/napi.h"
#include "binding/photograph.h"

namespace moco {
namespace {

struct Job {
  double ticket;
  Photograph photograph;
};

struct Outcome {
  double ticket;
  OwnedPixels image;
};

// Threads that decode what is asked for in its order: all of it is handed over at once, so that they need nobody while
// JavaScript's thread is busy with a step. An outcome waits until that thread has time for it.
class Decoding {
 public:
  Decoding() = default;
  Decoding(const Decoding&) = delete;

  void ask(Job job) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (has_ended_) return;
      jobs_.push_back(std::move(job));
    }
    wake_.notify_one();
  }

  // Whether it has not been begun.
  bool forget(double ticket) {
    std::lock_guard<std::mutex> lock(mutex_);
    for (auto job = jobs_.begin(); job != jobs_.end(); ++job) {
      if (job->ticket != ticket) continue;
      jobs_.erase(job);
      return true;
    }
    return false;
  }

  void end() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      jobs_.clear();
      has_ended_ = true;
    }
    wake_.notify_all();
  }

  // What each of the threads does.
  void serve(napi_threadsafe_function listener) {
    Job job;
    while (take(job)) {
      auto outcome = outcome_when_there_is_memory();
      outcome->ticket = job.ticket;
      outcome->image = decoded(job.photograph);
      if (napi_call_threadsafe_function(listener, outcome.get(), napi_tsfn_nonblocking) == napi_ok) outcome.release();
    }
  }

 private:
  bool take(Job& job) {
    std::unique_lock<std::mutex> lock(mutex_);
    wake_.wait(lock, [&] { return has_ended_ || !jobs_.empty(); });
    if (has_ended_) return false;
    job = std::move(jobs_.front());
    jobs_.pop_front();
    return true;
  }

  // Somebody waits for it: memory for these few bytes is waited for.
  static std::unique_ptr<Outcome> outcome_when_there_is_memory() {
    while (true) {
      try {
        return std::make_unique<Outcome>();
      } catch (const std::bad_alloc&) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
    }
  }

  // Where there is no memory, the other decoder says so.
  static OwnedPixels decoded(const Photograph& photograph) {
    try {
      return decode(photograph);
    } catch (const std::bad_alloc&) {
      return {};
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool has_ended_ = false;
};

// What JavaScript holds: the threads, and who listens to them. It ends with the handle in JavaScript or with its
// environment at the latest, always before the listener does.
class Held {
 public:
  Held(napi_env env, napi_threadsafe_function listener) : env_(env), listener_(listener) {
    napi_add_env_cleanup_hook(env, end_of, this);
  }
  Held(const Held&) = delete;
  ~Held() {
    end();
    napi_remove_env_cleanup_hook(env_, end_of, this);
  }

  // How many threads the system has given.
  size_t start(int threads) {
    try {
      while (static_cast<int>(threads_.size()) < threads) threads_.emplace_back([this] { decoding.serve(listener_); });
    } catch (const std::system_error&) {
    }
    return threads_.size();
  }

  // Waits for the files that are being decoded.
  void end() {
    if (has_ended_) return;
    has_ended_ = true;
    decoding.end();
    for (std::thread& thread : threads_) thread.join();
    napi_release_threadsafe_function(listener_, napi_tsfn_abort);
  }

  // Whether the process stays for what is being decoded.
  void be_awaited(bool is_awaited) {
    if (has_ended_) return;
    if (is_awaited) napi_ref_threadsafe_function(env_, listener_);
    else napi_unref_threadsafe_function(env_, listener_);
  }

  Decoding decoding;

 private:
  static void end_of(void* held) { static_cast<Held*>(held)->end(); }

  napi_env env_;
  napi_threadsafe_function listener_;
  std::vector<std::thread> threads_;
  bool has_ended_ = false;
};

// The pixels as an ArrayBuffer of the same memory.
napi_value buffer_of(napi_env env, const OwnedPixels& image) {
  const size_t size = static_cast<size_t>(image.height) * image.width * 3;
  auto owner = std::make_unique<std::shared_ptr<void>>(image.owner);
  const auto give_back = [](napi_env, void*, void* held) { delete static_cast<std::shared_ptr<void>*>(held); };
  napi_value buffer;
  if (napi_create_external_arraybuffer(env, image.values, size, give_back, owner.get(), &buffer) != napi_ok) return nullptr;
  owner.release();
  return buffer;
}

// On JavaScript's thread: done(ticket, height, width, pixels), or done(ticket) for what is left to the other decoder.
void tell(napi_env env, napi_value done, void*, void* data) {
  const std::unique_ptr<Outcome> outcome(static_cast<Outcome*>(data));
  if (env == nullptr) return;
  napi_value arguments[4], nobody;
  napi_get_undefined(env, &nobody);
  napi_create_double(env, outcome->ticket, &arguments[0]);
  const OwnedPixels& image = outcome->image;
  napi_value buffer = image.values == nullptr ? nullptr : buffer_of(env, image);
  if (buffer != nullptr) {
    napi_create_int32(env, image.height, &arguments[1]);
    napi_create_int32(env, image.width, &arguments[2]);
    arguments[3] = buffer;
  }
  napi_call_function(env, nobody, done, buffer == nullptr ? 1 : 4, arguments, nullptr);
}

napi_threadsafe_function listener_of(napi_env env, napi_value done) {
  napi_value name;
  napi_threadsafe_function listener;
  napi_create_string_utf8(env, "decoding", NAPI_AUTO_LENGTH, &name);
  expect(napi_create_threadsafe_function(env, done, nullptr, name, 0, 1, nullptr, nullptr, nullptr, tell, &listener), "done");
  // The process stays while somebody waits, which is for JavaScript to say.
  napi_unref_threadsafe_function(env, listener);
  return listener;
}

// startDecoding(threads, done): nothing where the system gives no thread.
napi_value start(napi_env env, napi_callback_info info) {
  const Arguments<2> given(env, info);
  const int threads = static_cast<int>(whole_of(env, given.values[0], 1, 1024, "threads"));
  auto held = std::make_unique<Held>(env, listener_of(env, given.values[1]));
  if (held->start(threads) == 0) return nullptr;
  napi_value handle;
  const auto give_back = [](napi_env, void* data, void*) { delete static_cast<Held*>(data); };
  expect(napi_create_external(env, held.get(), give_back, nullptr, &handle), "the threads");
  held.release();
  return handle;
}

Held& held_by(napi_env env, napi_value handle) {
  void* held;
  expect(napi_get_value_external(env, handle, &held), "the first argument");
  return *static_cast<Held*>(held);
}

std::string text_of(napi_env env, napi_value value) {
  size_t size;
  expect(napi_get_value_string_utf8(env, value, nullptr, 0, &size), "path");
  std::string text(size + 1, '\0');
  napi_get_value_string_utf8(env, value, text.data(), text.size(), &size);
  text.resize(size);
  return text;
}

// decode(decoding, ticket, path, start, end, maxBytes, maxPixels, shorterSide)
napi_value ask(napi_env env, napi_callback_info info) {
  const Arguments<8> given(env, info);
  Held& held = held_by(env, given.values[0]);
  constexpr int64_t kMost = int64_t{1} << 53;
  const auto whole = [&](int place, int64_t least, int64_t most, const char* what) {
    return whole_of(env, given.values[place], least, most, what);
  };
  const Photograph photograph = {text_of(env, given.values[2]),
                                 whole(3, 0, kMost, "start"),
                                 whole(4, -1, kMost, "end"),
                                 whole(5, 0, kMost, "maxBytes"),
                                 whole(6, 0, kMost, "maxPixels"),
                                 static_cast<int>(whole(7, 0, 1 << 30, "shorterSide"))};
  held.decoding.ask({number_of(env, given.values[1], "ticket"), photograph});
  return nullptr;
}

// forget(decoding, ticket): whether it was not begun, and `done` will not be told of it.
napi_value forget(napi_env env, napi_callback_info info) {
  const Arguments<2> given(env, info);
  Held& held = held_by(env, given.values[0]);
  const double ticket = number_of(env, given.values[1], "ticket");
  napi_value is_forgotten;
  napi_get_boolean(env, held.decoding.forget(ticket), &is_forgotten);
  return is_forgotten;
}

// awaitDecoding(decoding, isAwaited): whether the process stays for what is being decoded.
napi_value await_decoding(napi_env env, napi_callback_info info) {
  const Arguments<2> given(env, info);
  Held& held = held_by(env, given.values[0]);
  bool is_awaited;
  expect(napi_get_value_bool(env, given.values[1], &is_awaited), "isAwaited");
  held.be_awaited(is_awaited);
  return nullptr;
}

// endDecoding(decoding): what has not been begun is forgotten.
napi_value end(napi_env env, napi_callback_info info) {
  const Arguments<1> given(env, info);
  held_by(env, given.values[0]).end();
  return nullptr;
}

}  // namespace

void export_decoding(napi_env env, napi_value exports) {
  export_function(env, exports, "startDecoding", thrown_over<start>);
  export_function(env, exports, "decode", thrown_over<ask>);
  export_function(env, exports, "forgetDecoding", thrown_over<forget>);
  export_function(env, exports, "awaitDecoding", thrown_over<await_decoding>);
  export_function(env, exports, "endDecoding", thrown_over<end>);
}

}  // namespace moco

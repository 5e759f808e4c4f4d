// Memory asked for ahead of its use.
#pragma once

#include <algorithm>
#include <cstdint>

namespace moco {

// A stretch of memory, asked for a part at a time while the processor multiplies: waiting for it afterwards would take
// as long as the products of few channels do.
class Ahead {
 public:
  Ahead(const float* from, const float* to, int parts)
      : at_(reinterpret_cast<const char*>(from)), end_(reinterpret_cast<const char*>(to)), part_((end_ - at_) / parts + 1) {}

  void next() {
    for (const char* const stop = std::min(end_, at_ + part_); at_ < stop; at_ += kLine) __builtin_prefetch(at_);
  }

 private:
  static constexpr int kLine = 64;  // bytes of a cache line
  const char* at_;
  const char* end_;
  int64_t part_;
};

}  // namespace moco

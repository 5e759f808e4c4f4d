// Memory that kernels keep from call to call: pages of new memory cost more than the work on them.
#pragma once

#include <cstdint>
#include <vector>

namespace moco {

// A row of buffers that grow when more is asked for. The largest size of a buffer must be asked for before threads use
// it; its values are not kept when it grows.
class Scratch {
 public:
  explicit Scratch(int num_buffers) : buffers_(num_buffers) {}

  float* get(int buffer, int64_t size) {
    auto& memory = buffers_[buffer];
    if (static_cast<int64_t>(memory.size()) < size) {
      std::vector<float>().swap(memory);
      memory.resize(size);
    }
    return memory.data();
  }

 private:
  std::vector<std::vector<float>> buffers_;
};

}  // namespace moco

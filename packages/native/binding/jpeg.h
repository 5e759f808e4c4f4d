// The JPEG decoder that libtensorflow has: libjpeg-turbo with its exact transform and smooth upsampling, as Pillow has it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace moco {

// Pixels, and the memory that they lie in.
struct OwnedPixels {
  std::shared_ptr<void> owner;
  uint8_t* values = nullptr;
  int height = 0, width = 0;
};

// The RGB pixels of a file of `height` x `width`, as they stand in it; no values where it is damaged. May be called by any thread.
OwnedPixels decode_jpeg(const uint8_t* bytes, size_t size, int height, int width);

}  // namespace moco

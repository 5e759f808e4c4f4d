// What a file becomes that is a JPEG of a usual kind.
#pragma once

#include <cstdint>
#include <string>

#include "binding/jpeg.h"

namespace moco {

struct Photograph {
  std::string path;
  // Where in the file it is, from its first byte to the one behind its last; `end` is -1 where the file is the image.
  int64_t start, end;
  int64_t max_bytes, max_pixels;
  // Images whose shorter side is longer are shrunk to it; 0 leaves all as they are.
  int shorter_side;
};

// Its image; no values where it is anything else, damaged or cannot be read: the other decoder then says what it is.
OwnedPixels decode(const Photograph& photograph);

}  // namespace moco

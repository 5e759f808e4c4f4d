// Images made smaller as Pillow's `resize` with its bilinear filter does it, in its whole numbers and so to the bit
// (data/src/Decode/shrink.ts is the same).
#pragma once

#include <cstdint>
#include <vector>

namespace moco {

// Writes `to_height` x `to_width` pixels of 3 channels; neither side is longer than before. Throws std::bad_alloc.
void shrink(const uint8_t* pixels, int height, int width, int to_height, int to_width, uint8_t* shrunk);

// The length of the longer side of an image whose shorter one is shrunk, as torchvision's `Resize` has it.
int shrunk_side(int longer, int shorter, int to_shorter);

}  // namespace moco

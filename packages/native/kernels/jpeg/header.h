// What stands before the pixels of a JPEG file.
#pragma once

#include <cstddef>
#include <cstdint>

namespace moco {

struct JpegHeader {
  int height, width;
  int components;
  // How the camera was held, as EXIF numbers it: 1 is upright.
  int orientation;
};

// Whether the file is a JPEG of a usual kind, and what its header says: baseline, 8 bits a sample, by Huffman's code,
// 1 or 3 components in a single scan, an end that is marked as one, and an EXIF block at most that can be followed. All
// others are left to a decoder that knows them all. Nothing outside of `bytes` is read, whatever they are.
bool read_jpeg_header(const uint8_t* bytes, size_t size, JpegHeader& header);

}  // namespace moco

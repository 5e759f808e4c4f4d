#include "kernels/jpeg/header.h"

#include <algorithm>
#include <cstring>

namespace moco {
namespace {

// A stretch of a file.
struct Bytes {
  const uint8_t* at;
  size_t size;

  bool begins_with(const char* text, size_t length) const { return size >= length && std::memcmp(at, text, length) == 0; }
  Bytes from(size_t start) const { return start <= size ? Bytes{at + start, size - start} : Bytes{at, 0}; }
};

// Numbers of a TIFF block, which says by which end they begin.
struct Tiff {
  Bytes bytes;
  bool little;

  bool number(size_t at, int length, uint32_t& value) const {
    if (bytes.size < static_cast<size_t>(length) || at > bytes.size - length) return false;
    value = 0;
    for (int i = 0; i < length; i++) value = value << 8 | bytes.at[at + (little ? length - 1 - i : i)];
    return true;
  }
};

constexpr char kExif[] = "Exif\0";  // and one more zero, the text's own end
constexpr uint32_t kOrientation = 0x0112, kShort = 3;

// The orientation in the first directory of an EXIF block, 1 where there is none; false where it cannot be followed.
bool read_orientation(const Bytes& block, int& orientation) {
  Tiff tiff = {block, block.begins_with("II", 2)};
  uint32_t mark, directory, entries;
  if (!tiff.little && !block.begins_with("MM", 2)) return false;
  if (!tiff.number(2, 2, mark) || mark != 42 || !tiff.number(4, 4, directory) || !tiff.number(directory, 2, entries))
    return false;
  orientation = 1;
  bool is_found = false;
  for (uint32_t i = 0; i < entries; i++) {
    const size_t entry = static_cast<size_t>(directory) + 2 + static_cast<size_t>(i) * 12;
    uint32_t tag, type, count, value;
    if (!tiff.number(entry, 2, tag) || !tiff.number(entry + 2, 2, type) || !tiff.number(entry + 4, 4, count) ||
        !tiff.number(entry + 8, 2, value))
      return false;
    if (tag != kOrientation) continue;
    if (is_found || type != kShort || count != 1 || value < 1 || value > 8) return false;
    is_found = true;
    orientation = static_cast<int>(value);
  }
  return true;
}

bool is_frame(uint8_t marker) { return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc; }

// Baseline or extended, by Huffman's code; 8 bits a sample.
bool read_frame(uint8_t marker, const Bytes& segment, JpegHeader& header) {
  if (marker > 0xc1 || segment.size < 6 || segment.at[0] != 8) return false;
  header.height = segment.at[1] << 8 | segment.at[2];
  header.width = segment.at[3] << 8 | segment.at[4];
  header.components = segment.at[5];
  return header.height > 0 && header.width > 0 && (header.components == 1 || header.components == 3);
}

// Whether these are the pixels of all components in one scan, behind which the image ends. More scans are decoded one
// over the other, however many a small file has; and each decoder has its own mind about which are allowed.
bool is_only_scan(const Bytes& segment, const Bytes& pixels, const JpegHeader& header) {
  if (header.components == 0 || segment.size < 1 || segment.at[0] != header.components) return false;
  const uint8_t* at = pixels.at;
  const uint8_t* const end = pixels.at + pixels.size;
  while ((at = static_cast<const uint8_t*>(std::memchr(at, 0xff, end - at))) != nullptr && ++at < end) {
    // A byte of pixels that looks like a mark, a mark to begin anew at, or one of several in a row.
    if (*at == 0 || (*at >= 0xd0 && *at <= 0xd7)) at++;
    else if (*at != 0xff) return *at == 0xd9;
  }
  return false;
}

}  // namespace

bool read_jpeg_header(const uint8_t* bytes, size_t size, JpegHeader& header) {
  // A file that was cut off is told of by the other decoder.
  if (size < 4 || bytes[0] != 0xff || bytes[1] != 0xd8 || bytes[size - 2] != 0xff || bytes[size - 1] != 0xd9) return false;
  header = {0, 0, 0, 1};
  bool has_exif = false;
  size_t at = 2;
  while (at + 4 <= size) {
    if (bytes[at] != 0xff) return false;
    const uint8_t marker = bytes[at + 1];
    if (marker == 0xff) {
      at++;
      continue;
    }
    // Marks that stand alone have no place before the pixels.
    if (marker < 0xc0 || (marker >= 0xd0 && marker <= 0xd9)) return false;
    const size_t length = static_cast<size_t>(bytes[at + 2]) << 8 | bytes[at + 3];
    if (length < 2 || length > size - at - 2) return false;
    const Bytes segment = {bytes + at + 4, length - 2};
    // The pixels begin.
    if (marker == 0xda) return is_only_scan(segment, Bytes{bytes, size}.from(at + 2 + length), header);
    if (is_frame(marker)) {
      if (header.components > 0 || !read_frame(marker, segment, header)) return false;
    } else if (marker == 0xe1 && segment.begins_with("Exif", 4)) {
      if (has_exif || !segment.begins_with(kExif, sizeof(kExif))) return false;
      if (!read_orientation(segment.from(sizeof(kExif)), header.orientation)) return false;
      has_exif = true;
    }
    at += 2 + length;
  }
  return false;
}

}  // namespace moco

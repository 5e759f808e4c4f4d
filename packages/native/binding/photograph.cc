#include "binding/photograph.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "kernels/jpeg/header.h"
#include "kernels/shrink/shrink.h"

namespace moco {
namespace {

class File {
 public:
  // Without waiting for a pipe's writer.
  explicit File(const std::string& path) : file_(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {}
  File(const File&) = delete;
  ~File() {
    if (file_ >= 0) close(file_);
  }

  // All of the image, or nothing where it is no JPEG, too large or not all there, or the file is no regular one.
  bool read_jpeg(const Photograph& photograph, std::vector<uint8_t>& bytes) {
    struct stat info;
    if (file_ < 0 || fstat(file_, &info) != 0 || !S_ISREG(info.st_mode)) return false;
    const int64_t start = photograph.start, end = photograph.end < 0 ? info.st_size : photograph.end;
    constexpr int64_t kMark = 3;
    if (end > info.st_size || end - start < kMark || end - start > photograph.max_bytes) return false;
    bytes.resize(kMark);
    if (!fill(bytes.data(), kMark, start) || bytes[0] != 0xff || bytes[1] != 0xd8 || bytes[2] != 0xff) return false;
    bytes.resize(static_cast<size_t>(end - start));
    return fill(bytes.data() + kMark, bytes.size() - kMark, start + kMark);
  }

 private:
  bool fill(uint8_t* to, size_t size, int64_t at) {
    while (size > 0) {
      const ssize_t got = pread(file_, to, size, at);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return false;
      to += got;
      at += got;
      size -= got;
    }
    return true;
  }

  int file_;
};

OwnedPixels shrunk(const OwnedPixels& image, int shorter_side) {
  const auto [shorter, longer] = std::minmax({image.height, image.width});
  if (shorter_side == 0 || shorter <= shorter_side) return image;
  const int side = shrunk_side(longer, shorter, shorter_side);
  const bool is_wide = image.width >= image.height;
  OwnedPixels small = {nullptr, nullptr, is_wide ? shorter_side : side, is_wide ? side : shorter_side};
  const auto memory = std::make_shared<std::vector<uint8_t>>(static_cast<size_t>(small.height) * small.width * 3);
  small.values = memory->data();
  small.owner = memory;
  shrink(image.values, image.height, image.width, small.height, small.width, small.values);
  return small;
}

}  // namespace

OwnedPixels decode(const Photograph& photograph) {
  std::vector<uint8_t> bytes;
  JpegHeader header;
  if (!File(photograph.path).read_jpeg(photograph, bytes)) return {};
  if (!read_jpeg_header(bytes.data(), bytes.size(), header) || header.orientation != 1) return {};
  if (static_cast<int64_t>(header.height) * header.width > photograph.max_pixels) return {};
  const OwnedPixels image = decode_jpeg(bytes.data(), bytes.size(), header.height, header.width);
  return image.values == nullptr ? image : shrunk(image, photograph.shorter_side);
}

}  // namespace moco

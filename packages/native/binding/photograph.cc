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

  // All of it, or nothing where it is no JPEG, no regular file or too large.
  bool read_jpeg(int64_t max_bytes, std::vector<uint8_t>& bytes) {
    struct stat info;
    if (file_ < 0 || fstat(file_, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size > max_bytes) return false;
    constexpr size_t kMark = 3;
    bytes.resize(static_cast<size_t>(std::max<int64_t>(info.st_size, kMark)));
    if (info.st_size < static_cast<int64_t>(kMark) || !fill(bytes.data(), kMark)) return false;
    if (bytes[0] != 0xff || bytes[1] != 0xd8 || bytes[2] != 0xff) return false;
    return fill(bytes.data() + kMark, bytes.size() - kMark);
  }

 private:
  bool fill(uint8_t* to, size_t size) {
    while (size > 0) {
      const ssize_t got = read(file_, to, size);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return false;
      to += got;
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
  if (!File(photograph.path).read_jpeg(photograph.max_bytes, bytes)) return {};
  if (!read_jpeg_header(bytes.data(), bytes.size(), header) || header.orientation != 1) return {};
  if (static_cast<int64_t>(header.height) * header.width > photograph.max_pixels) return {};
  const OwnedPixels image = decode_jpeg(bytes.data(), bytes.size(), header.height, header.width);
  return image.values == nullptr ? image : shrunk(image, photograph.shorter_side);
}

}  // namespace moco

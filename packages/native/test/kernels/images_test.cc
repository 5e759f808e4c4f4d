#include <cmath>
#include <cstring>
#include <tuple>
#include <vector>

#include "check.h"
#include "kernels/jpeg/header.h"
#include "kernels/shrink/shrink.h"
#include "kernels/views/views.h"

using namespace moco;

namespace {

std::vector<uint8_t> random_bytes(size_t size, uint64_t seed) {
  std::vector<uint8_t> bytes(size);
  const std::vector<float> values = random_values(static_cast<int64_t>(size), seed);
  for (size_t i = 0; i < size; i++) bytes[i] = static_cast<uint8_t>(127.5f + 127.5f * values[i]);
  return bytes;
}

ViewPlan plain(int top, int left, int height, int width) {
  ViewPlan plan = {};
  plan.top = top;
  plan.left = left;
  plan.height = height;
  plan.width = width;
  plan.brightness = plan.contrast = plan.saturation = 1;
  for (int place = 0; place < 4; place++) plan.order[place] = static_cast<Step>(place);
  plan.solarize = -1;
  return plan;
}

// All three components in one scan: a pixel's bytes, one that looks like a mark, and a mark to begin anew at.
const std::vector<uint8_t> kScan = {0xff, 0xda, 0, 3, 3, 0x12, 0xff, 0, 0xff, 0xd0};

// A JPEG of one scan: a frame, what is put before it, and the mark of its end.
std::vector<uint8_t> header_with(const std::vector<uint8_t>& segment, uint8_t frame = 0xc0) {
  std::vector<uint8_t> bytes = {0xff, 0xd8};
  bytes.insert(bytes.end(), segment.begin(), segment.end());
  const std::vector<uint8_t> rest = {0xff, frame, 0, 11, 8, 0, 5, 0, 7, 3, 0, 0, 0};
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  bytes.insert(bytes.end(), kScan.begin(), kScan.end());
  bytes.insert(bytes.end(), {0xff, 0xd9});
  return bytes;
}

// An EXIF block that says how the camera was held.
std::vector<uint8_t> exif(uint8_t orientation) {
  return {0xff, 0xe1, 0, 34, 'E', 'x', 'i', 'f', 0, 0, 'I', 'I', 42, 0, 8, 0, 0, 0,
          1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0};
}

bool reads(const std::vector<uint8_t>& bytes, JpegHeader& header) {
  // In memory of just its size, so that a byte too many is noticed.
  const std::vector<uint8_t> exact(bytes);
  return read_jpeg_header(exact.data(), exact.size(), header);
}

}  // namespace

CASE("views of images of all sizes stay inside of their memory, on all threads") {
  for (const int channels : {1, 3})
    for (const int side : {1, 2, 5, 8, 13, 33}) {
      const Seen seen = {side, side + 1, channels, std::vector<float>(channels, 0.5f), std::vector<float>(channels, 0.25f)};
      const double kernel[] = {0.6, 0.2};
      std::vector<std::vector<uint8_t>> memory;
      std::vector<Pixels> images;
      std::vector<ViewPlan> plans;
      for (int row = 0; row < 7; row++) {
        const int height = 1 + row * 5, width = 40 - row * 6;
        memory.push_back(random_bytes(static_cast<size_t>(height) * width * channels, row));
        images.push_back({memory.back().data(), height, width});
        ViewPlan plan = plain(height / 3, width / 3, height - height / 3, width - width / 3);
        plan.flip = row % 2 == 1;
        plan.brightness = plan.contrast = 1.3;
        if (channels == 3) {
          plan.saturation = 0.7;
          plan.hue = 0.2;
          plan.gray = static_cast<Gray>(row % 3);
        }
        if (side > 1) plan.blur_of_rows = plan.blur_of_columns = {kernel, 2};
        plan.solarize = row % 3 == 0 ? 0.5 : -1;
        plans.push_back(plan);
      }
      const size_t size = static_cast<size_t>(seen.height) * seen.width * channels;
      std::vector<float> together(size * images.size()), alone(size);
      make_views(images, plans, seen, together.data());
      for (size_t row = 0; row < images.size(); row++) {
        make_views({images[row]}, {plans[row]}, seen, alone.data());
        holds("alone and together", std::memcmp(alone.data(), together.data() + row * size, size * sizeof(float)) == 0);
      }
    }
}

CASE("the view of a whole image is that image") {
  const std::vector<uint8_t> pixels = random_bytes(6 * 7 * 3, 3);
  std::vector<float> view(pixels.size());
  make_views({{pixels.data(), 6, 7}}, {plain(0, 0, 6, 7)}, {6, 7, 3, {0, 0, 0}, {1, 1, 1}}, view.data());
  std::vector<double> expected(pixels.size());
  for (size_t i = 0; i < pixels.size(); i++) expected[i] = pixels[i] / 255.0;
  near("view", view, expected, 1e-7);
}

CASE("a shrunk image stays inside of its memory, and one of a single level has that level") {
  for (const auto& [height, width, shorter] : {std::tuple{9, 20, 4}, {20, 9, 8}, {7, 7, 1}, {2, 31, 1}, {64, 65, 63}}) {
    const int longer = shrunk_side(std::max(height, width), std::min(height, width), shorter);
    const int to_height = height < width ? shorter : longer, to_width = height < width ? longer : shorter;
    for (const int level : {0, 127, 255}) {
      const std::vector<uint8_t> pixels(static_cast<size_t>(height) * width * 3, static_cast<uint8_t>(level));
      std::vector<uint8_t> small(static_cast<size_t>(to_height) * to_width * 3);
      shrink(pixels.data(), height, width, to_height, to_width, small.data());
      for (const uint8_t value : small) holds("level", value == level);
    }
  }
}

CASE("a header says size, components and how the camera was held") {
  JpegHeader header;
  holds("plain", reads(header_with({}), header) && header.height == 5 && header.width == 7 && header.components == 3 &&
                     header.orientation == 1);
  for (uint8_t orientation = 1; orientation <= 8; orientation++)
    holds("turned", reads(header_with(exif(orientation)), header) && header.orientation == orientation);
  holds("frame", reads(header_with({}, 0xc1), header));
}

CASE("a header of another kind is left to the other decoder") {
  JpegHeader header;
  for (const uint8_t frame : {0xc2, 0xc3, 0xc5, 0xc9, 0xca, 0xcf}) holds("frame", !reads(header_with({}, frame), header));
  holds("no such orientation", !reads(header_with(exif(0)), header) && !reads(header_with(exif(9)), header));
  std::vector<uint8_t> twice = exif(6);
  const std::vector<uint8_t> again = exif(1);
  twice.insert(twice.end(), again.begin(), again.end());
  holds("two EXIF blocks", !reads(header_with(twice), header));
  std::vector<uint8_t> scans = header_with({});
  scans.insert(scans.end() - 2, kScan.begin(), kScan.end());
  holds("two scans", !reads(scans, header));
  std::vector<uint8_t> part = header_with({});
  part[part.size() - 8] = 1;
  holds("a scan of one component of three", !reads(part, header));
  std::vector<uint8_t> no_end = header_with({});
  no_end.pop_back();
  holds("cut off", !reads(no_end, header));
}

CASE("no header leads outside of its bytes, whichever of them are others") {
  JpegHeader header;
  const std::vector<uint8_t> whole = header_with(exif(6));
  for (size_t size = 0; size <= whole.size(); size++) {
    std::vector<uint8_t> cut(whole.begin(), whole.begin() + size);
    reads(cut, header);
    // With an end, so that what comes before it is looked at.
    if (size < 4) continue;
    cut[size - 2] = 0xff;
    cut[size - 1] = 0xd9;
    reads(cut, header);
  }
  for (size_t place = 2; place < whole.size() - 2; place++)
    for (const uint8_t value : {0, 1, 0x7f, 0x80, 0xff}) {
      std::vector<uint8_t> changed = whole;
      changed[place] = value;
      reads(changed, header);
    }
  holds("came to its end", true);
}

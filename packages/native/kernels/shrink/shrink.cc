#include "kernels/shared/exactly.h"

#include "kernels/shrink/shrink.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace moco {
namespace {

constexpr int kChannels = 3;
constexpr int kDigits = 22;  // of a weight behind the point
constexpr int kHalf = 1 << (kDigits - 1);

constexpr int kLanes = 8;
typedef int32_t Integers __attribute__((vector_size(kLanes * sizeof(int32_t))));
typedef uint8_t Bytes __attribute__((vector_size(kLanes)));
typedef int32_t Pixel __attribute__((vector_size(4 * sizeof(int32_t))));
typedef uint8_t PixelBytes __attribute__((vector_size(4)));

struct Weights {
  int most;
  std::vector<int> first, count;
  std::vector<int32_t> values;  // `most` for every output
};

// A triangle as wide as two outputs, of sum 1, each weight rounded.
Weights weights_of(int inputs, int outputs) {
  const double scale = static_cast<double>(inputs) / outputs;
  Weights weights;
  weights.most = static_cast<int>(std::ceil(scale)) * 2 + 1;
  weights.first.resize(outputs);
  weights.count.resize(outputs);
  weights.values.assign(static_cast<size_t>(outputs) * weights.most, 0);
  std::vector<double> exact(weights.most);
  for (int output = 0; output < outputs; output++) {
    const double centre = (output + 0.5) * scale;
    const int first = std::max(0, static_cast<int>(centre - scale + 0.5));
    const int count = std::min(inputs, static_cast<int>(centre + scale + 0.5)) - first;
    double sum = 0;
    for (int tap = 0; tap < count; tap++) {
      const double distance = std::abs((tap + first - centre + 0.5) * (1.0 / scale));
      exact[tap] = distance < 1 ? 1 - distance : 0;
      sum += exact[tap];
    }
    int32_t* values = weights.values.data() + static_cast<size_t>(output) * weights.most;
    for (int tap = 0; tap < count; tap++) values[tap] = static_cast<int32_t>(0.5 + exact[tap] / sum * (1 << kDigits));
    weights.first[output] = first;
    weights.count[output] = count;
  }
  return weights;
}

// No weight is negative, and their sum is 1 but for its rounding.
inline uint8_t clipped(int32_t sum) { return static_cast<uint8_t>(std::min(sum >> kDigits, 255)); }

inline Pixel load_pixel(const uint8_t* at) {
  PixelBytes bytes;
  std::memcpy(&bytes, at, sizeof(bytes));
  return __builtin_convertvector(bytes, Pixel);
}

// A row of `outputs` pixels. Behind the row there is one byte more.
void shrink_row(const uint8_t* row, const Weights& weights, int outputs, uint8_t* to) {
  for (int output = 0; output < outputs; output++) {
    const int32_t* values = weights.values.data() + static_cast<size_t>(output) * weights.most;
    const uint8_t* at = row + weights.first[output] * kChannels;
    Pixel sum = {kHalf, kHalf, kHalf, kHalf};
    for (int tap = 0; tap < weights.count[output]; tap++, at += kChannels) sum += load_pixel(at) * values[tap];
    for (int channel = 0; channel < kChannels; channel++) *to++ = clipped(sum[channel]);
  }
}

void shrink_column(const uint8_t* rows, int row_length, const int32_t* values, int count, uint8_t* to) {
  int x = 0;
  for (; x + kLanes <= row_length; x += kLanes) {
    Integers sum = Integers{} + kHalf;
    for (int tap = 0; tap < count; tap++) {
      Bytes bytes;
      std::memcpy(&bytes, rows + static_cast<int64_t>(tap) * row_length + x, sizeof(bytes));
      sum += __builtin_convertvector(bytes, Integers) * values[tap];
    }
    sum >>= kDigits;
    sum = sum > 255 ? Integers{} + 255 : sum;
    const Bytes bytes = __builtin_convertvector(sum, Bytes);
    std::memcpy(to + x, &bytes, sizeof(bytes));
  }
  for (; x < row_length; x++) {
    int32_t sum = kHalf;
    for (int tap = 0; tap < count; tap++) sum += rows[static_cast<int64_t>(tap) * row_length + x] * values[tap];
    to[x] = clipped(sum);
  }
}

}  // namespace

int shrunk_side(int longer, int shorter, int to_shorter) {
  return static_cast<int>(static_cast<int64_t>(to_shorter) * longer / shorter);
}

void shrink(const uint8_t* pixels, int height, int width, int to_height, int to_width, uint8_t* shrunk) {
  const int row_length = to_width * kChannels;
  std::vector<uint8_t> narrow;
  if (to_width != width) {
    narrow.resize(static_cast<size_t>(height) * row_length + 1);
    const Weights weights = weights_of(width, to_width);
    // The fourth lane of a row's last pixel reads one byte more, which only the last row does not have.
    std::vector<uint8_t> last(static_cast<size_t>(width) * kChannels + 1);
    for (int y = 0; y < height; y++) {
      const uint8_t* row = pixels + static_cast<int64_t>(y) * width * kChannels;
      if (y == height - 1) row = static_cast<uint8_t*>(std::memcpy(last.data(), row, last.size() - 1));
      shrink_row(row, weights, to_width, narrow.data() + static_cast<int64_t>(y) * row_length);
    }
    pixels = narrow.data();
  }
  if (to_height == height) {
    std::memcpy(shrunk, pixels, static_cast<size_t>(height) * row_length);
    return;
  }
  const Weights weights = weights_of(height, to_height);
  for (int y = 0; y < to_height; y++)
    shrink_column(pixels + static_cast<int64_t>(weights.first[y]) * row_length, row_length,
                  weights.values.data() + static_cast<size_t>(y) * weights.most, weights.count[y],
                  shrunk + static_cast<int64_t>(y) * row_length);
}

}  // namespace moco

#include "kernels/shared/exactly.h"

#include "kernels/shrink/shrink.h"

#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace moco {
namespace {

constexpr int kChannels = 3;
constexpr int kDigits = 22;  // of a weight behind the point
constexpr int kHalf = 1 << (kDigits - 1);

// The channels of a pixel, and the first one of the next.
typedef int32_t Pixel __attribute__((vector_size(4 * sizeof(int32_t))));

inline Pixel load(const int32_t* from) {
  Pixel pixel;
  std::memcpy(&pixel, from, sizeof(pixel));
  return pixel;
}

struct Weights {
  int most;
  std::vector<int> first, count;
  std::vector<int32_t> values;  // `most` for every output, 0 behind its count
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

// A row of `outputs` pixels. What stands behind an output's taps counts nothing, and the processor can tell how many there
// are; behind the row there are as many pixels more, and one value. A byte is written behind the outputs.
void shrink_row(const int32_t* row, const Weights& weights, int taps, int outputs, uint8_t* to) {
  for (int output = 0; output < outputs; output++, to += kChannels) {
    const int32_t* values = weights.values.data() + static_cast<size_t>(output) * weights.most;
    const int32_t* at = row + weights.first[output] * kChannels;
    Pixel sum = {kHalf, kHalf, kHalf, kHalf};
    for (int tap = 0; tap < taps; tap++, at += kChannels) sum += load(at) * values[tap];
    const __m128i words = reinterpret_cast<__m128i>(sum >> kDigits);
    // Cut off at 255 on the way.
    const int32_t bytes = _mm_cvtsi128_si32(_mm_packus_epi16(_mm_packus_epi32(words, words), words));
    std::memcpy(to, &bytes, sizeof(bytes));
  }
}

// `sums` has room for a row.
void shrink_column(const uint8_t* rows, int row_length, const int32_t* values, int count, int32_t* sums, uint8_t* to) {
  std::fill(sums, sums + row_length, kHalf);
  for (int tap = 0; tap < count; tap++, rows += row_length)
    for (int x = 0; x < row_length; x++) sums[x] += rows[x] * values[tap];
  for (int x = 0; x < row_length; x++) to[x] = clipped(sums[x]);
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
    const int taps = *std::max_element(weights.count.begin(), weights.count.end());
    std::vector<int32_t> row(static_cast<size_t>(width + taps) * kChannels + 1);
    for (int y = 0; y < height; y++) {
      std::copy_n(pixels + static_cast<int64_t>(y) * width * kChannels, width * kChannels, row.begin());
      shrink_row(row.data(), weights, taps, to_width, narrow.data() + static_cast<int64_t>(y) * row_length);
    }
    pixels = narrow.data();
  }
  if (to_height == height) {
    std::memcpy(shrunk, pixels, static_cast<size_t>(height) * row_length);
    return;
  }
  const Weights weights = weights_of(height, to_height);
  std::vector<int32_t> sums(row_length);
  for (int y = 0; y < to_height; y++)
    shrink_column(pixels + static_cast<int64_t>(weights.first[y]) * row_length, row_length,
                  weights.values.data() + static_cast<size_t>(y) * weights.most, weights.count[y], sums.data(),
                  shrunk + static_cast<int64_t>(y) * row_length);
}

}  // namespace moco

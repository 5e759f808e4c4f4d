#include "kernels/shared/exactly.h"

#include "kernels/views/taps.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace moco {
namespace {

constexpr int kLanes = 4;
typedef double Doubles __attribute__((vector_size(kLanes * sizeof(double))));
typedef float Floats __attribute__((vector_size(kLanes * sizeof(float))));

template <typename Vector, typename Value>
inline Vector load_as(const Value* from) {
  Vector vector;
  std::memcpy(&vector, from, sizeof(vector));
  return vector;
}

inline void store_rounded(float* to, Doubles values) {
  const Floats rounded = __builtin_convertvector(values, Floats);
  std::memcpy(to, &rounded, sizeof(rounded));
}

// The pixel that stands at `index`, up to `size - 1` pixels outside of the image: its mirror image.
inline int reflect(int index, int size) {
  const int from_start = std::abs(index);
  return from_start < size ? from_start : 2 * (size - 1) - from_start;
}

// One pixel of 3 channels of each of `rows` rows that lie `row_length` apart, in the first three lanes; the fourth lane is
// written over by the next pixel. What stands behind an output's taps counts nothing, and the processor can tell how many
// there are.
template <int rows>
inline void mean_of_pixels(const double* at, int64_t row_length, const double* weights, int taps, float* to, int64_t to_row) {
  Doubles sums[rows] = {};
  for (int tap = 0; tap < taps; tap++, at += 3)
    for (int r = 0; r < rows; r++) sums[r] += weights[tap] * load_as<Doubles>(at + r * row_length);
  for (int r = 0; r < rows; r++) store_rounded(to + r * to_row, sums[r]);
}

template <int vectors>
inline void mean_of_rows(const float* at, int row_length, const double* weights, int count, double scale, float* to) {
  Doubles sums[vectors] = {};
  for (int tap = 0; tap < count; tap++, at += row_length)
    for (int v = 0; v < vectors; v++)
      sums[v] += weights[tap] * __builtin_convertvector(load_as<Floats>(at + v * kLanes), Doubles);
  for (int v = 0; v < vectors; v++) store_rounded(to + v * kLanes, sums[v] * scale);
}

}  // namespace

void Taps::reset(int num_outputs, int most_taps) {
  outputs = num_outputs;
  most = most_taps;
  first.assign(outputs, 0);
  count.assign(outputs, 0);
  weights.assign(static_cast<size_t>(outputs) * most, 0.0);
}

void side_taps(int length, int outputs, Taps& taps) {
  const double reach = std::max(1.0, static_cast<double>(length) / outputs);
  taps.reset(outputs, static_cast<int>(std::ceil(2 * reach)) + 1);
  for (int output = 0; output < outputs; output++) {
    const double centre = (output + 0.5) * length / outputs - 0.5;
    const double last_pixel = length - 1;
    // Where nothing is shrunk, the edge pixel is all there is beyond its centre.
    const double seen = length > outputs ? centre : std::min(std::max(centre, 0.0), last_pixel);
    const int first = std::max(0, static_cast<int>(std::floor(seen - reach)) + 1);
    const int last = std::min(length - 1, static_cast<int>(std::ceil(seen + reach)) - 1);
    double* weights = taps.weights.data() + static_cast<size_t>(output) * taps.most;
    double sum = 0;
    for (int input = first; input <= last; input++) {
      const double weight = 1 - std::abs(input - seen) / reach;
      weights[input - first] = weight;
      sum += weight;
    }
    for (int tap = 0; tap <= last - first; tap++) weights[tap] /= sum;
    taps.first[output] = first;
    taps.count[output] = last - first + 1;
  }
}

void blur_taps(int size, const Kernel& kernel, Taps& taps) {
  const int radius = kernel.size - 1;
  taps.reset(size, 2 * radius + 1);
  for (int output = 0; output < size; output++) {
    const int first = std::max(0, output - radius);
    double* weights = taps.weights.data() + static_cast<size_t>(output) * taps.most;
    for (int offset = -radius; offset <= radius; offset++)
      weights[reflect(output + offset, size) - first] += kernel.weights[std::abs(offset)];
    taps.first[output] = first;
    taps.count[output] = std::min(size - 1, output + radius) - first + 1;
  }
}

namespace {

// Some rows of a window as doubles, each behind the other, with zeros behind it.
template <typename Value>
void spread(const Window<Value>& window, int y, int rows, int inputs, int64_t row_length, double* to) {
  for (int r = 0; r < rows; r++, to += row_length) {
    const Value* from =
        window.values + (static_cast<int64_t>(window.top + y + r) * window.width + window.left) * window.channels;
    for (int at = 0; at < inputs * window.channels; at++) to[at] = static_cast<double>(from[at]);
  }
}

template <int rows>
float* rows_in_colour(const double* values, int64_t row_length, const Taps& taps, int most, bool mirrored, float* means) {
  const int64_t to_row = static_cast<int64_t>(taps.outputs) * 3;
  float begins[rows] = {};
  for (int x = 0; x < taps.outputs; x++) {
    const int output = mirrored ? taps.outputs - 1 - x : x;
    mean_of_pixels<rows>(values + static_cast<int64_t>(taps.first[output]) * 3, row_length,
                         taps.weights.data() + static_cast<size_t>(output) * taps.most, most, means + x * 3, to_row);
    if (x == 0)
      for (int r = 0; r < rows; r++) begins[r] = means[r * to_row];
  }
  // The fourth lane of a row's last pixel has written over where the next row begins.
  for (int r = 0; r < rows; r++) means[r * to_row] = begins[r];
  return means + rows * to_row;
}

float* row_of_any(const double* values, int channels, const Taps& taps, bool mirrored, float* means) {
  for (int x = 0; x < taps.outputs; x++) {
    const int output = mirrored ? taps.outputs - 1 - x : x;
    const double* weights = taps.weights.data() + static_cast<size_t>(output) * taps.most;
    const double* at = values + static_cast<int64_t>(taps.first[output]) * channels;
    for (int channel = 0; channel < channels; channel++) {
      double sum = 0;
      for (int tap = 0; tap < taps.count[output]; tap++) sum += weights[tap] * at[tap * channels + channel];
      *means++ = static_cast<float>(sum);
    }
  }
  return means;
}

}  // namespace

template <typename Value>
void along_rows(const Window<Value>& window, const Taps& taps, bool mirrored, std::vector<double>& rows, float* means) {
  constexpr int kRowsAtOnce = 2;
  const int channels = window.channels;
  const int inputs = taps.first.back() + taps.count.back();
  const int most = *std::max_element(taps.count.begin(), taps.count.end());
  const int64_t row_length = static_cast<int64_t>(inputs + most) * channels + kLanes;
  rows.assign(kRowsAtOnce * row_length, 0.0);
  int y = 0;
  for (; channels == 3 && y + kRowsAtOnce <= window.num_rows; y += kRowsAtOnce) {
    spread(window, y, kRowsAtOnce, inputs, row_length, rows.data());
    means = rows_in_colour<kRowsAtOnce>(rows.data(), row_length, taps, most, mirrored, means);
  }
  for (; y < window.num_rows; y++) {
    spread(window, y, 1, inputs, row_length, rows.data());
    means = channels == 3 ? rows_in_colour<1>(rows.data(), row_length, taps, most, mirrored, means)
                          : row_of_any(rows.data(), channels, taps, mirrored, means);
  }
}

template void along_rows(const Window<uint8_t>&, const Taps&, bool, std::vector<double>&, float*);
template void along_rows(const Window<float>&, const Taps&, bool, std::vector<double>&, float*);

void along_columns(const float* values, int row_length, const Taps& taps, double scale, float* means) {
  constexpr int kVectors = 4;
  for (int y = 0; y < taps.outputs; y++) {
    const float* from = values + static_cast<int64_t>(taps.first[y]) * row_length;
    const double* weights = taps.weights.data() + static_cast<size_t>(y) * taps.most;
    float* to = means + static_cast<int64_t>(y) * row_length;
    int x = 0;
    for (; x + kVectors * kLanes <= row_length; x += kVectors * kLanes)
      mean_of_rows<kVectors>(from + x, row_length, weights, taps.count[y], scale, to + x);
    for (; x + kLanes <= row_length; x += kLanes)
      mean_of_rows<1>(from + x, row_length, weights, taps.count[y], scale, to + x);
    for (; x < row_length; x++) {
      double sum = 0;
      for (int tap = 0; tap < taps.count[y]; tap++)
        sum += weights[tap] * from[x + static_cast<int64_t>(tap) * row_length];
      to[x] = static_cast<float>(sum * scale);
    }
  }
}

}  // namespace moco

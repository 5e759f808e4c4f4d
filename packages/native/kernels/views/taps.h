// What every output pixel of an axis is made of (data/src/Augmentation/taps.ts).
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/views/views.h"

namespace moco {

struct Taps {
  int outputs = 0, most = 0;
  std::vector<int> first, count;
  std::vector<double> weights;  // `most` for every output, 0 behind its count

  // No weights yet.
  void reset(int num_outputs, int most_taps);
};

// How a side of `length` pixels is stretched or shrunk to `outputs` pixels (data/src/Augmentation/resample.ts).
void side_taps(int length, int outputs, Taps& taps);

// How a side is blurred by a kernel that is no longer than it (data/src/Augmentation/Blur.ts).
void blur_taps(int size, const Kernel& kernel, Taps& taps);

// Part of an image that lies in memory row after row, channels innermost.
template <typename Value>
struct Window {
  const Value* values;
  int width, channels, top, left, num_rows;
};

// Weighted means along the rows of a window: `num_rows` rows of `taps.outputs` pixels. `rows` is memory for some rows of
// it. Behind the means there is room for one value more.
template <typename Value>
void along_rows(const Window<Value>& window, const Taps& taps, bool mirrored, std::vector<double>& rows, float* means);

// Weighted means along the columns of rows of `row_length` values, times `scale`.
void along_columns(const float* values, int row_length, const Taps& taps, double scale, float* means);

}  // namespace moco

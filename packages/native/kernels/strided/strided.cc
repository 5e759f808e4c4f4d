#include "strided.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "kernels/shared/parallel.h"
#include "kernels/shared/products.h"
#include "kernels/shared/scratch.h"

namespace moco {
namespace {

constexpr int kPixels = 48;           // pixels of a task, at least

// One place of the filter: where its pixel lies from the first one of an output, and where its values lie.
struct Tap {
  int64_t pixel, filter;
};

// What is computed for one pixel of the result: where the rows of its products begin, and where it is written to.
struct Pixel {
  const float* from;
  float* to;
};

// kColumns channels of kRows pixels: the sum over taps and `depth` channels.
inline void multiply_block(const Pixel* pixels, const std::vector<Tap>& taps, const float* filter, int depth) {
  Vector sum[kRows][2] = {};
  for (const Tap& tap : taps) {
    const float* values = filter + tap.filter;
    const float* a[kRows];
    for (int r = 0; r < kRows; r++) a[r] = pixels[r].from + tap.pixel;
    for (int k = 0; k < depth; k++, values += kColumns) {
      const Vector b0 = load(values), b1 = load(values + kWidth);
#pragma GCC unroll 6
      for (int r = 0; r < kRows; r++) {
        const Vector factor = broadcast(a[r][k]);
        sum[r][0] += factor * b0;
        sum[r][1] += factor * b1;
      }
    }
  }
  for (int r = 0; r < kRows; r++) {
    store(pixels[r].to, sum[r][0]);
    store(pixels[r].to + kWidth, sum[r][1]);
  }
}

// All `channels` channels of the pixels; filters lie as [channels / kColumns][taps][depth][kColumns].
void multiply(std::vector<Pixel>& pixels, const std::vector<Tap>& taps, const float* filters, int64_t filter_size,
              int depth, int channels) {
  // The last block is filled up with its last pixel, which is then computed more than once.
  while (pixels.size() % kRows != 0) pixels.push_back(pixels.back());
  for (int first = 0; first < channels; first += kColumns) {
    const float* filter = filters + first / kColumns * filter_size;
    for (size_t i = 0; i < pixels.size(); i += kRows) {
      Pixel block[kRows];
      for (int r = 0; r < kRows; r++) block[r] = {pixels[i + r].from, pixels[i + r].to + first};
      multiply_block(block, taps, filter, depth);
    }
  }
}

// An image with `margin` pixels of zeros around it.
struct Padded {
  int height, width, channels, margin;

  int row() const { return (width + 2 * margin) * channels; }
  int64_t size() const { return static_cast<int64_t>(height + 2 * margin) * row(); }
  int64_t at(int y, int x) const { return static_cast<int64_t>(y + margin) * row() + (x + margin) * channels; }

  void fill(const float* image, float* padded) const {
    std::memset(padded, 0, size() * sizeof(float));
    for (int y = 0; y < height; y++)
      std::memcpy(padded + at(y, 0), image + static_cast<int64_t>(y) * width * channels, sizeof(float) * width * channels);
  }
};

enum Buffer { kFilters, kPerThread };

Scratch& scratch() {
  static Scratch& kept = *new Scratch(kPerThread + num_threads());
  return kept;
}

// Calls body(first image, last image, padded images) for all images, a few at a time; `pixels_of_image` is at least 1.
template <typename Body>
void for_images(int batch, int pixels_of_image, const Padded& padded, const float* images, const Body& body) {
  const int per_task = (kPixels + pixels_of_image - 1) / pixels_of_image;
  const int64_t image_size = static_cast<int64_t>(padded.height) * padded.width * padded.channels;
  // Without a margin the images are read where they are.
  const int64_t copied = padded.margin == 0 ? 0 : per_task * padded.size();
  for (int thread = 0; thread < num_threads(); thread++) scratch().get(kPerThread + thread, copied);
  parallel_for((batch + per_task - 1) / per_task, [&](int task, int thread) {
    const int first = task * per_task, last = std::min(batch, first + per_task);
    if (padded.margin == 0) return body(first, last, images + first * image_size);
    float* copies = scratch().get(kPerThread + thread, 0);
    for (int n = first; n < last; n++) padded.fill(images + n * image_size, copies + (n - first) * padded.size());
    body(first, last, static_cast<const float*>(copies));
  });
}

}  // namespace

bool strided_fits(const StridedConv& shape) {
  return shape.inputs % kColumns == 0 && shape.outputs % kColumns == 0 && (shape.kernel == 1 || shape.kernel == 3) &&
         (shape.stride == 1 || shape.stride == 2);
}

void strided_forward(const StridedConv& shape, const float* x, const float* filter, float* y) {
  const int kernel = shape.kernel, inputs = shape.inputs, outputs = shape.outputs, pad = (kernel - 1) / 2;
  const int height = shape.out(shape.height), width = shape.out(shape.width);
  const Padded padded = {shape.height, shape.width, inputs, pad};

  // [outputs / kColumns][tap][input][kColumns]
  const int64_t filter_size = static_cast<int64_t>(kernel) * kernel * inputs * kColumns;
  float* filters = scratch().get(kFilters, filter_size * (outputs / kColumns));
  parallel_for(outputs / kColumns, [&](int block, int) {
    for (int row = 0; row < kernel * kernel * inputs; row++)
      std::memcpy(filters + block * filter_size + static_cast<int64_t>(row) * kColumns,
                  filter + static_cast<int64_t>(row) * outputs + block * kColumns, sizeof(float) * kColumns);
  });
  std::vector<Tap> taps;
  for (int dy = 0; dy < kernel; dy++)
    for (int dx = 0; dx < kernel; dx++)
      taps.push_back({padded.at(dy - pad, dx - pad) - padded.at(0, 0),
                      static_cast<int64_t>(dy * kernel + dx) * inputs * kColumns});

  for_images(shape.batch, height * width, padded, x, [&](int first, int last, const float* images) {
    std::vector<Pixel> pixels;
    for (int n = first; n < last; n++)
      for (int row = 0; row < height; row++)
        for (int column = 0; column < width; column++)
          pixels.push_back({images + (n - first) * padded.size() + padded.at(row * shape.stride, column * shape.stride),
                            y + ((static_cast<int64_t>(n) * height + row) * width + column) * outputs});
    multiply(pixels, taps, filters, filter_size, inputs, outputs);
  });
}

void strided_input_gradient(const StridedConv& shape, const float* dy, const float* filter, float* dx) {
  const int kernel = shape.kernel, stride = shape.stride, inputs = shape.inputs, outputs = shape.outputs;
  const int pad = (kernel - 1) / 2, height = shape.height, width = shape.width;
  const Padded padded = {shape.out(height), shape.out(width), outputs, pad};

  // [inputs / kColumns][tap][output][kColumns]
  const int64_t filter_size = static_cast<int64_t>(kernel) * kernel * outputs * kColumns;
  float* filters = scratch().get(kFilters, filter_size * (inputs / kColumns));
  parallel_for(inputs / kColumns, [&](int block, int) {
    for (int tap = 0; tap < kernel * kernel; tap++)
      for (int column = 0; column < kColumns; column++) {
        const float* from = filter + (static_cast<int64_t>(tap) * inputs + block * kColumns + column) * outputs;
        float* to = filters + block * filter_size + static_cast<int64_t>(tap) * outputs * kColumns + column;
        for (int output = 0; output < outputs; output++) to[static_cast<int64_t>(output) * kColumns] = from[output];
      }
  });

  for_images(shape.batch, shape.out(height) * shape.out(width), padded, dy, [&](int first, int last, const float* images) {
    // Pixels whose row and column have the same remainder see the same places of the filter.
    for (int phase = 0; phase < stride * stride; phase++) {
      const int top = phase / stride, left = phase % stride;
      std::vector<Tap> taps;
      for (int ky = 0; ky < kernel; ky++)
        for (int kx = 0; kx < kernel; kx++) {
          const int up = top + pad - ky, aside = left + pad - kx;
          if (up % stride != 0 || aside % stride != 0) continue;
          taps.push_back({padded.at(up / stride, aside / stride) - padded.at(0, 0),
                          static_cast<int64_t>(ky * kernel + kx) * outputs * kColumns});
        }
      std::vector<Pixel> pixels;
      for (int n = first; n < last; n++)
        for (int row = top; row < height; row += stride)
          for (int column = left; column < width; column += stride)
            pixels.push_back({images + (n - first) * padded.size() + padded.at(row / stride, column / stride),
                              dx + ((static_cast<int64_t>(n) * height + row) * width + column) * inputs});
      if (!pixels.empty()) multiply(pixels, taps, filters, filter_size, outputs, inputs);
    }
  });
}

}  // namespace moco

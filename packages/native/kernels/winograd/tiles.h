// Images cut into tiles: from pixels to the points that are multiplied, and back.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/shared/ahead.h"
#include "kernels/shared/parallel.h"
#include "kernels/shared/products.h"
#include "kernels/shared/scratch.h"
#include "transforms.h"
#include "winograd.h"

namespace moco {

struct Tiles {
  explicit Tiles(const Conv3x3& shape)
      : batch(shape.batch), height(shape.height), width(shape.width), rows((shape.height + kTile - 1) / kTile),
        columns((shape.width + kTile - 1) / kTile), count(shape.batch * rows * columns) {}
  int batch, height, width, rows, columns, count;

  struct Place {
    int image, top, left;
  };
  Place place(int tile) const {
    const int inside = tile % (rows * columns);
    return {tile / (rows * columns), inside / columns * kTile, inside % columns * kTile};
  }
  // Where the pixels of tiles first..first+count-1 lie, up to a row of tiles: images are stored row by row.
  Ahead ahead(const float* images, int channels, int first, int count) const {
    const int64_t size = static_cast<int64_t>(batch) * height * width * channels;
    const auto at = [&](int64_t tile) { return images + size * std::min<int64_t>(tile, this->count) / this->count; };
    return Ahead(at(first), at(first + count), kPoints);
  }
};

// Memory that the three convolutions share: what one of them leaves in the cache is where the next one writes.
enum Slot { kFilters, kTurned, kPatches, kGradients, kPerThread };

inline float* scratch(int slot, int64_t size) {
  static Scratch& kept = *new Scratch(kPerThread + 2 * num_threads());
  return kept.get(slot, size);
}

// What is read again and again stays in the third-level cache: transformed filters, or their gradient.
constexpr int64_t kCacheFloats = (6 << 20) / sizeof(float);

// Channels that are worked on at once, so that kPoints * other * channels values stay in the cache.
inline int stretch_of(int channels, int other) {
  const int fitting = static_cast<int>(kCacheFloats / (static_cast<int64_t>(kPoints) * other)) / kColumns * kColumns;
  return std::min(channels, std::max(kColumns, fitting));
}

// From a point's values to the next one's. A cache line more than they take: at a multiple of a power of two the 36
// values of a tile would fall into a few sets of the cache, and drive each other out.
constexpr int64_t point_stride(int64_t tiles, int64_t channels) { return tiles * channels + 64 / sizeof(float); }

// size x size pixels from (top, left) on, zeros outside of the image.
template <int size>
inline void load_pixels(const float* image, const Tiles& tiles, int channels, int top, int left, Vector out[size][size]) {
  const int64_t row_stride = static_cast<int64_t>(tiles.width) * channels;
  const float* from = image + top * row_stride + static_cast<int64_t>(left) * channels;
  if (top >= 0 && left >= 0 && top + size <= tiles.height && left + size <= tiles.width) {
    for (int y = 0; y < size; y++)
      for (int x = 0; x < size; x++) out[y][x] = load(from + y * row_stride + static_cast<int64_t>(x) * channels);
    return;
  }
  for (int y = 0; y < size; y++)
    for (int x = 0; x < size; x++) {
      const bool inside = top + y >= 0 && top + y < tiles.height && left + x >= 0 && left + x < tiles.width;
      out[y][x] = inside ? load(from + y * row_stride + static_cast<int64_t>(x) * channels) : Vector{};
    }
}

// patches[point][tile][channel] of tiles first..first+count-1
inline void transform_patches(const float* x, const Tiles& tiles, int channels, int first, int count, int64_t stride,
                              float* out) {
  for (int t = 0; t < count; t++) {
    const auto place = tiles.place(first + t);
    const float* image = x + static_cast<int64_t>(place.image) * tiles.height * tiles.width * channels;
    for (int c = 0; c < channels; c += kWidth) {
      Vector d[kPatch][kPatch], v[kPatch][kPatch];
      load_pixels<kPatch>(image + c, tiles, channels, place.top - 1, place.left - 1, d);
      both_ways<kPatch, kPatch, patch_transform>(d, v);
      float* to = out + static_cast<int64_t>(t) * channels + c;
      for (int p = 0; p < kPoints; p++) store(to + p * stride, v[p / kPatch][p % kPatch]);
    }
  }
}

// A stretch of an image's channels.
struct Channels {
  int of, first, count;
};

// gradients[point][tile][channel] of a stretch of channels
inline void transform_output_gradients(const float* dy, const Tiles& tiles, Channels channels, int first, int count,
                                       int64_t stride, float* out) {
  for (int t = 0; t < count; t++) {
    const auto place = tiles.place(first + t);
    const float* image = dy + static_cast<int64_t>(place.image) * tiles.height * tiles.width * channels.of + channels.first;
    for (int c = 0; c < channels.count; c += kWidth) {
      Vector d[kTile][kTile], v[kPatch][kPatch];
      load_pixels<kTile>(image + c, tiles, channels.of, place.top, place.left, d);
      both_ways<kTile, kPatch, output_gradient_transform>(d, v);
      float* to = out + static_cast<int64_t>(t) * channels.count + c;
      for (int p = 0; p < kPoints; p++) store(to + p * stride, v[p / kPatch][p % kPatch]);
    }
  }
}

// The outputs of tiles first..first+count-1 from products[point][tile][channel], for a stretch of channels
inline void transform_outputs(const float* products, const Tiles& tiles, Channels channels, int first, int count,
                              int64_t stride, float* y) {
  for (int t = 0; t < count; t++) {
    const auto place = tiles.place(first + t);
    float* image = y + static_cast<int64_t>(place.image) * tiles.height * tiles.width * channels.of + channels.first;
    const int height = std::min(kTile, tiles.height - place.top), width = std::min(kTile, tiles.width - place.left);
    for (int c = 0; c < channels.count; c += kWidth) {
      const float* from = products + static_cast<int64_t>(t) * channels.count + c;
      Vector m[kPatch][kPatch], out[kTile][kTile];
      for (int p = 0; p < kPoints; p++) m[p / kPatch][p % kPatch] = load(from + p * stride);
      both_ways<kPatch, kTile, output_transform>(m, out);
      for (int row = 0; row < height; row++)
        for (int column = 0; column < width; column++)
          store(image + ((place.top + row) * static_cast<int64_t>(tiles.width) + place.left + column) * channels.of + c,
                out[row][column]);
    }
  }
}

}  // namespace moco

#include <algorithm>
#include <cstdint>

#include "kernels/shared/parallel.h"
#include "kernels/shared/products.h"
#include "tiles.h"
#include "winograd.h"

namespace moco {
namespace {

constexpr int kBlock = 24;  // tiles that are transformed and multiplied while they are in a processor's own cache

// The gradient of the filters of a stretch of outputs, from sums[part][point][input][output] of products.
void transform_filter_gradient(const float* sums, int parts, int inputs, Channels outputs, float* dfilter) {
  const int64_t point = static_cast<int64_t>(inputs) * outputs.count;
  parallel_for(inputs, [&](int i, int) {
    for (int o = 0; o < outputs.count; o += kWidth) {
      Vector u[kPatch][kPatch], g[3][3];
      for (int p = 0; p < kPoints; p++) {
        Vector sum = {};
        const float* from = sums + p * point + static_cast<int64_t>(i) * outputs.count + o;
        for (int part = 0; part < parts; part++) sum += load(from + part * kPoints * point);
        u[p / kPatch][p % kPatch] = sum;
      }
      both_ways<kPatch, 3, filter_gradient_transform>(u, g);
      for (int k = 0; k < 9; k++)
        store(dfilter + (static_cast<int64_t>(k) * inputs + i) * outputs.of + outputs.first + o, g[k / 3][k % 3]);
    }
  });
}

// How many parts the tiles are cut into, each with sums of its own; 0 where sums of enough parts would not stay in the
// cache. It depends on sizes alone, so that the bits do not depend on threads.
int parts_of(const Conv3x3& shape, const Tiles& tiles) {
  constexpr int kFew = 16, kMany = 32;
  const int64_t fitting = kCacheFloats / (static_cast<int64_t>(kPoints) * shape.inputs * shape.outputs);
  if (fitting < kFew) return 0;
  return static_cast<int>(std::min<int64_t>({kMany, fitting, (tiles.count + kBlock - 1) / kBlock}));
}

// Few channels: a thread takes a part of the tiles, block by block.
void by_tiles(const Conv3x3& shape, const Tiles& tiles, int num_parts, const float* x, const float* dy, float* dfilter) {
  const int inputs = shape.inputs;
  const Channels outputs = {shape.outputs, 0, shape.outputs};
  const int64_t patch_stride = point_stride(kBlock, inputs), gradient_stride = point_stride(kBlock, outputs.count);
  const int64_t point = static_cast<int64_t>(inputs) * outputs.count;
  float* sums = scratch(kFilters, num_parts * kPoints * point);
  for (int thread = 0; thread < num_threads(); thread++) {
    scratch(kPerThread + 2 * thread, kPoints * patch_stride);
    scratch(kPerThread + 2 * thread + 1, kPoints * gradient_stride);
  }
  const auto start_of = [&](int64_t part) { return static_cast<int>(tiles.count * part / num_parts); };
  parallel_for(num_parts, [&](int part, int thread) {
    float* patches = scratch(kPerThread + 2 * thread, 0);
    float* gradients = scratch(kPerThread + 2 * thread + 1, 0);
    float* sum = sums + part * kPoints * point;
    for (int first = start_of(part); first < start_of(part + 1); first += kBlock) {
      const int count = std::min(kBlock, start_of(part + 1) - first);
      transform_patches(x, tiles, inputs, first, count, patch_stride, patches);
      transform_output_gradients(dy, tiles, outputs, first, count, gradient_stride, gradients);
      Ahead next_patches = tiles.ahead(x, inputs, first + count, kBlock);
      Ahead next_gradients = tiles.ahead(dy, outputs.count, first + count, kBlock);
      const auto multiply = first == start_of(part) ? multiply_rows<false> : multiply_rows<true>;
      for (int p = 0; p < kPoints; p++) {
        next_patches.next();
        next_gradients.next();
        for (int o = 0; o < outputs.count; o += kColumns)
          multiply(inputs, patches + p * patch_stride, 1, inputs, gradients + p * gradient_stride + o, outputs.count,
                   count, sum + p * point + o, outputs.count);
      }
    }
  });
  transform_filter_gradient(sums, num_parts, inputs, outputs, dfilter);
}

// Many channels: all tiles are transformed, then a thread multiplies those of a point.
void by_points(const Conv3x3& shape, const Tiles& tiles, const float* x, const float* dy, float* dfilter) {
  const int inputs = shape.inputs, stretch = stretch_of(shape.outputs, inputs);
  const int fitting = static_cast<int>(kCacheFloats / (static_cast<int64_t>(kPoints) * (inputs + stretch)));
  const int block = std::min(tiles.count, std::max(64, fitting));
  const int64_t patch_stride = point_stride(block, inputs), gradient_stride = point_stride(block, stretch);
  float* patches = scratch(kPatches, kPoints * patch_stride);
  float* gradients = scratch(kGradients, kPoints * gradient_stride);
  float* sums = scratch(kFilters, static_cast<int64_t>(kPoints) * inputs * stretch);
  constexpr int kPart = 16;
  for (int first_output = 0; first_output < shape.outputs; first_output += stretch) {
    const Channels outputs = {shape.outputs, first_output, std::min(stretch, shape.outputs - first_output)};
    for (int first = 0; first < tiles.count; first += block) {
      const int count = std::min(block, tiles.count - first);
      const bool has_patches = count == tiles.count && first_output > 0;
      parallel_for((count + kPart - 1) / kPart, [&](int part, int) {
        const int from = part * kPart, size = std::min(kPart, count - from);
        if (!has_patches)
          transform_patches(x, tiles, inputs, first + from, size, patch_stride,
                            patches + static_cast<int64_t>(from) * inputs);
        transform_output_gradients(dy, tiles, outputs, first + from, size, gradient_stride,
                                   gradients + static_cast<int64_t>(from) * outputs.count);
      });
      parallel_for(kPoints, [&](int p, int) {
        const float* a = patches + p * patch_stride;
        const float* b = gradients + p * gradient_stride;
        float* c = sums + static_cast<int64_t>(p) * inputs * outputs.count;
        const auto multiply = first == 0 ? multiply_rows<false> : multiply_rows<true>;
        for (int o = 0; o < outputs.count; o += kColumns)
          multiply(inputs, a, 1, inputs, b + o, outputs.count, count, c + o, outputs.count);
      });
    }
    transform_filter_gradient(sums, 1, inputs, outputs, dfilter);
  }
}

}  // namespace

void winograd_filter_gradient(const Conv3x3& shape, const float* x, const float* dy, float* dfilter) {
  const Tiles tiles(shape);
  if (tiles.count == 0) return std::fill(dfilter, dfilter + static_cast<int64_t>(9) * shape.inputs * shape.outputs, 0.0f);
  const int parts = parts_of(shape, tiles);
  return parts > 0 ? by_tiles(shape, tiles, parts, x, dy, dfilter) : by_points(shape, tiles, x, dy, dfilter);
}

}  // namespace moco

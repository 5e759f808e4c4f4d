#include "winograd.h"

#include <algorithm>
#include <cstdint>

#include "kernels/shared/parallel.h"
#include "kernels/shared/products.h"
#include "tiles.h"

namespace moco {
namespace {

// filters[point][output / kColumns][input][kColumns] of a stretch of outputs, from filter[3][3][inputs][outputs.of]
void transform_filters(const float* filter, int inputs, Channels outputs, float* out) {
  parallel_for(inputs, [&](int i, int) {
    for (int o = 0; o < outputs.count; o += kWidth) {
      Vector g[3][3], u[kPatch][kPatch];
      for (int k = 0; k < 9; k++)
        g[k / 3][k % 3] = load(filter + (static_cast<int64_t>(k) * inputs + i) * outputs.of + outputs.first + o);
      both_ways<3, kPatch, filter_transform>(g, u);
      float* to = out + (static_cast<int64_t>(o / kColumns) * inputs + i) * kColumns + o % kColumns;
      for (int p = 0; p < kPoints; p++)
        store(to + static_cast<int64_t>(p) * inputs * outputs.count, u[p / kPatch][p % kPatch]);
    }
  });
}

// The filter of the gradient in the image, turned by half a turn, inputs and outputs exchanged:
// to[3][3][outputs][inputs.count] of a stretch of inputs, from filter[3][3][inputs.of][outputs]
void turn(const float* filter, Channels inputs, int outputs, float* to) {
  constexpr int kBlock = 16;
  parallel_for(9 * ((outputs + kBlock - 1) / kBlock), [&](int task, int) {
    const int k = task % 9, first = task / 9 * kBlock, last = std::min(outputs, first + kBlock);
    const float* from = filter + (static_cast<int64_t>(8 - k) * inputs.of + inputs.first) * outputs;
    float* turned = to + static_cast<int64_t>(k) * outputs * inputs.count;
    for (int i = 0; i < inputs.count; i++)
      for (int o = first; o < last; o++)
        turned[static_cast<int64_t>(o) * inputs.count + i] = from[static_cast<int64_t>(i) * outputs + o];
  });
}

// y = conv(x), with filters that `filters_of` transforms for a stretch of outputs.
template <typename FiltersOf>
void convolve(const Conv3x3& shape, const float* x, const FiltersOf& filters_of, float* y) {
  const Tiles tiles(shape);
  const int inputs = shape.inputs, stretch = stretch_of(shape.outputs, inputs);
  const int of_thread = (tiles.count + num_threads() - 1) / num_threads();
  const int block = std::max(kRows, std::min(stretch < shape.outputs ? 48 : 24, of_thread));
  const int num_blocks = (tiles.count + block - 1) / block;
  // Blocks that a thread takes one after the other, so that it knows what to ask for ahead.
  const int run = std::max(1, std::min(8, num_blocks / (8 * num_threads())));
  const int64_t patch_stride = point_stride(block, inputs), product_stride = point_stride(block, stretch);
  // Where filters come in stretches, patches are transformed once for all of them, if they fit too.
  const int64_t block_floats = kPoints * patch_stride;
  const bool keeps_patches = stretch < shape.outputs && num_blocks * block_floats <= 2 * kCacheFloats;
  float* all_patches = scratch(kPatches, keeps_patches ? num_blocks * block_floats : 0);
  for (int thread = 0; thread < num_threads(); thread++) {
    scratch(kPerThread + 2 * thread, keeps_patches ? 0 : block_floats);
    scratch(kPerThread + 2 * thread + 1, kPoints * product_stride);
  }
  for (int first_output = 0; first_output < shape.outputs; first_output += stretch) {
    const Channels outputs = {shape.outputs, first_output, std::min(stretch, shape.outputs - first_output)};
    const float* filters = filters_of(outputs);
    const auto convolve_block = [&](int task, int thread) {
      const int first = task * block, count = std::min(block, tiles.count - first);
      float* patches = keeps_patches ? all_patches + task * block_floats : scratch(kPerThread + 2 * thread, 0);
      float* products = scratch(kPerThread + 2 * thread + 1, 0);
      const bool transforms = !keeps_patches || first_output == 0;
      if (transforms) transform_patches(x, tiles, inputs, first, count, patch_stride, patches);
      Ahead next_patches = tiles.ahead(x, inputs, first + count, transforms ? block : 0);
      // A stretch of them is a part of every line; lines that wait for the other parts are in the way of the filters.
      Ahead these_outputs = tiles.ahead(y, shape.outputs, first, stretch < shape.outputs ? 0 : count);
      for (int p = 0; p < kPoints; p++) {
        next_patches.next();
        these_outputs.next();
        for (int o = 0; o < outputs.count; o += kColumns)
          multiply_rows<false>(count, patches + p * patch_stride, inputs, 1,
                               filters + (static_cast<int64_t>(p) * outputs.count + o) * inputs, kColumns, inputs,
                               products + p * product_stride + o, outputs.count);
      }
      transform_outputs(products, tiles, outputs, first, count, product_stride, y);
    };
    parallel_for((num_blocks + run - 1) / run, [&](int task, int thread) {
      const int last = std::min(num_blocks, (task + 1) * run);
      for (int block_of_run = task * run; block_of_run < last; block_of_run++) convolve_block(block_of_run, thread);
    });
  }
}

}  // namespace

bool winograd_fits(const Conv3x3& shape) {
  return shape.inputs % kColumns == 0 && shape.outputs % kColumns == 0;
}

void winograd_forward(const Conv3x3& shape, const float* x, const float* filter, float* y) {
  convolve(shape, x, [&](Channels outputs) {
    float* filters = scratch(kFilters, static_cast<int64_t>(kPoints) * shape.inputs * outputs.count);
    transform_filters(filter, shape.inputs, outputs, filters);
    return filters;
  }, y);
}

void winograd_input_gradient(const Conv3x3& shape, const float* dy, const float* filter, float* dx) {
  const Conv3x3 backwards = {shape.batch, shape.height, shape.width, shape.outputs, shape.inputs};
  convolve(backwards, dy, [&](Channels inputs) {
    float* turned = scratch(kTurned, static_cast<int64_t>(9) * shape.outputs * inputs.count);
    float* filters = scratch(kFilters, static_cast<int64_t>(kPoints) * shape.outputs * inputs.count);
    turn(filter, inputs, shape.outputs, turned);
    transform_filters(turned, shape.outputs, {inputs.count, 0, inputs.count}, filters);
    return filters;
  }, dx);
}

}  // namespace moco

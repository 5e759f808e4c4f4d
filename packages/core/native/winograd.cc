#include "winograd.h"

#include <algorithm>
#include <cstdint>

#include "parallel.h"
#include "scratch.h"
#include "vectors.h"

namespace moco {
namespace {

constexpr int kTile = 4;                  // outputs of a tile, per side
constexpr int kPatch = kTile + 2;         // inputs of a tile, per side
constexpr int kPoints = kPatch * kPatch;  // products of a tile
constexpr int kRows = 6;                  // rows of a block of products that stays in registers
constexpr int kColumns = 2 * kWidth;      // its columns

// ---- The three transforms, on vectors of channels. ----

// B^T d: a patch of the image, one dimension.
inline void patch_transform(const Vector d[kPatch], Vector out[kPatch]) {
  const Vector a = d[4] - 4.0f * d[2], b = d[3] - 4.0f * d[1];
  const Vector c = d[4] - d[2], e = 2.0f * (d[3] - d[1]);
  out[0] = 4.0f * d[0] - 5.0f * d[2] + d[4];
  out[1] = a + b;
  out[2] = a - b;
  out[3] = c + e;
  out[4] = c - e;
  out[5] = 4.0f * d[1] - 5.0f * d[3] + d[5];
}

// G g: a filter.
inline void filter_transform(const Vector g[3], Vector out[kPatch]) {
  const Vector even = g[0] + g[2], wide = g[0] + 4.0f * g[2];
  out[0] = 0.25f * g[0];
  out[1] = (-1.0f / 6) * (even + g[1]);
  out[2] = (-1.0f / 6) * (even - g[1]);
  out[3] = (1.0f / 24) * (wide + 2.0f * g[1]);
  out[4] = (1.0f / 24) * (wide - 2.0f * g[1]);
  out[5] = g[2];
}

// A^T m: from products to outputs.
inline void output_transform(const Vector m[kPatch], Vector out[kTile]) {
  const Vector a = m[1] + m[2], b = m[1] - m[2], c = m[3] + m[4], d = m[3] - m[4];
  out[0] = m[0] + a + c;
  out[1] = b + 2.0f * d;
  out[2] = a + 4.0f * c;
  out[3] = b + 8.0f * d + m[5];
}

// A y: the transpose, for the gradient of outputs.
inline void output_gradient_transform(const Vector y[kTile], Vector out[kPatch]) {
  const Vector even = y[0] + y[2], odd = y[1] + y[3];
  const Vector wide = y[0] + 4.0f * y[2], far = 2.0f * y[1] + 8.0f * y[3];
  out[0] = y[0];
  out[1] = even + odd;
  out[2] = even - odd;
  out[3] = wide + far;
  out[4] = wide - far;
  out[5] = y[3];
}

// G^T u: the transpose, for the gradient of a filter.
inline void filter_gradient_transform(const Vector u[kPatch], Vector out[3]) {
  const Vector a = (-1.0f / 6) * (u[1] + u[2]), b = (-1.0f / 6) * (u[1] - u[2]);
  const Vector c = (1.0f / 24) * (u[3] + u[4]), d = (1.0f / 24) * (u[3] - u[4]);
  out[0] = 0.25f * u[0] + a + c;
  out[1] = b + 2.0f * d;
  out[2] = a + 4.0f * c + u[5];
}

// A transform along columns, then along rows: `from` x `from` vectors to `to` x `to`.
template <int from, int to, void (*transform)(const Vector*, Vector*)>
inline void both_ways(const Vector in[from][from], Vector out[to][to]) {
  Vector between[to][from];
  for (int x = 0; x < from; x++) {
    Vector column[from], result[to];
    for (int y = 0; y < from; y++) column[y] = in[y][x];
    transform(column, result);
    for (int y = 0; y < to; y++) between[y][x] = result[y];
  }
  for (int y = 0; y < to; y++) transform(between[y], out[y]);
}

// ---- Tiles. ----

struct Tiles {
  explicit Tiles(const Conv3x3& shape)
      : height(shape.height), width(shape.width), rows((shape.height + kTile - 1) / kTile),
        columns((shape.width + kTile - 1) / kTile), count(shape.batch * rows * columns) {}
  int height, width, rows, columns, count;

  struct Place {
    int image, top, left;
  };
  Place place(int tile) const {
    const int inside = tile % (rows * columns);
    return {tile / (rows * columns), inside / columns * kTile, inside % columns * kTile};
  }
};

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
void transform_patches(const float* x, const Tiles& tiles, int channels, int first, int count, int stride, float* out) {
  for (int t = 0; t < count; t++) {
    const auto place = tiles.place(first + t);
    const float* image = x + static_cast<int64_t>(place.image) * tiles.height * tiles.width * channels;
    for (int c = 0; c < channels; c += kWidth) {
      Vector d[kPatch][kPatch], v[kPatch][kPatch];
      load_pixels<kPatch>(image + c, tiles, channels, place.top - 1, place.left - 1, d);
      both_ways<kPatch, kPatch, patch_transform>(d, v);
      float* to = out + static_cast<int64_t>(t) * channels + c;
      for (int p = 0; p < kPoints; p++) store(to + static_cast<int64_t>(p) * stride * channels, v[p / kPatch][p % kPatch]);
    }
  }
}

// A stretch of an image's channels.
struct Channels {
  int of, first, count;
};

// gradients[point][tile][channel] of a stretch of channels
void transform_output_gradients(const float* dy, const Tiles& tiles, Channels channels, int first, int count, int stride,
                                float* out) {
  for (int t = 0; t < count; t++) {
    const auto place = tiles.place(first + t);
    const float* image = dy + static_cast<int64_t>(place.image) * tiles.height * tiles.width * channels.of + channels.first;
    for (int c = 0; c < channels.count; c += kWidth) {
      Vector d[kTile][kTile], v[kPatch][kPatch];
      load_pixels<kTile>(image + c, tiles, channels.of, place.top, place.left, d);
      both_ways<kTile, kPatch, output_gradient_transform>(d, v);
      float* to = out + static_cast<int64_t>(t) * channels.count + c;
      for (int p = 0; p < kPoints; p++)
        store(to + static_cast<int64_t>(p) * stride * channels.count, v[p / kPatch][p % kPatch]);
    }
  }
}

// The outputs of tiles first..first+count-1 from products[point][tile][channel], for a stretch of channels
void transform_outputs(const float* products, const Tiles& tiles, Channels channels, int first, int count, int stride,
                       float* y) {
  for (int t = 0; t < count; t++) {
    const auto place = tiles.place(first + t);
    float* image = y + static_cast<int64_t>(place.image) * tiles.height * tiles.width * channels.of + channels.first;
    const int height = std::min(kTile, tiles.height - place.top), width = std::min(kTile, tiles.width - place.left);
    for (int c = 0; c < channels.count; c += kWidth) {
      const float* from = products + static_cast<int64_t>(t) * channels.count + c;
      Vector m[kPatch][kPatch], out[kTile][kTile];
      for (int p = 0; p < kPoints; p++)
        m[p / kPatch][p % kPatch] = load(from + static_cast<int64_t>(p) * stride * channels.count);
      both_ways<kPatch, kTile, output_transform>(m, out);
      for (int row = 0; row < height; row++)
        for (int column = 0; column < width; column++)
          store(image + ((place.top + row) * static_cast<int64_t>(tiles.width) + place.left + column) * channels.of + c,
                out[row][column]);
    }
  }
}

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

// ---- Products. ----

// c[rows][kColumns] (+)= a[rows][depth] b[depth][kColumns]; a's element (row, k) lies at row * a_row + k * a_depth.
template <int rows, bool adds>
inline void multiply_block(const float* a, int64_t a_row, int64_t a_depth, const float* b, int64_t b_depth, int depth,
                           float* c, int64_t c_row) {
  Vector sum[rows][2];
  for (int r = 0; r < rows; r++)
    for (int v = 0; v < 2; v++) sum[r][v] = adds ? load(c + r * c_row + v * kWidth) : Vector{};
  for (int k = 0; k < depth; k++) {
    const Vector b0 = load(b + k * b_depth), b1 = load(b + k * b_depth + kWidth);
    for (int r = 0; r < rows; r++) {
      const Vector factor = broadcast(a[r * a_row + k * a_depth]);
      sum[r][0] += factor * b0;
      sum[r][1] += factor * b1;
    }
  }
  for (int r = 0; r < rows; r++)
    for (int v = 0; v < 2; v++) store(c + r * c_row + v * kWidth, sum[r][v]);
}

template <bool adds>
inline void multiply_rows(int rows, const float* a, int64_t a_row, int64_t a_depth, const float* b, int64_t b_depth,
                          int depth, float* c, int64_t c_row) {
  int row = 0;
  for (; row + kRows <= rows; row += kRows)
    multiply_block<kRows, adds>(a + row * a_row, a_row, a_depth, b, b_depth, depth, c + row * c_row, c_row);
  a += row * a_row;
  c += row * c_row;
  switch (rows - row) {
    case 1: return multiply_block<1, adds>(a, a_row, a_depth, b, b_depth, depth, c, c_row);
    case 2: return multiply_block<2, adds>(a, a_row, a_depth, b, b_depth, depth, c, c_row);
    case 3: return multiply_block<3, adds>(a, a_row, a_depth, b, b_depth, depth, c, c_row);
    case 4: return multiply_block<4, adds>(a, a_row, a_depth, b, b_depth, depth, c, c_row);
    case 5: return multiply_block<5, adds>(a, a_row, a_depth, b, b_depth, depth, c, c_row);
    default: return;
  }
}

// ---- The three convolutions. ----

// What is read again and again stays in the third-level cache: transformed filters, or their gradient.
constexpr int64_t kCacheFloats = (6 << 20) / sizeof(float);

enum Slot { kFilters, kTurned, kPatches, kGradients, kPerThread };

float* scratch(int slot, int64_t size) {
  static Scratch& kept = *new Scratch(kPerThread + 2 * num_threads());
  return kept.get(slot, size);
}

// Channels that are worked on at once, so that kPoints * other * channels values stay in the cache.
int stretch_of(int channels, int other) {
  const int fitting = static_cast<int>(kCacheFloats / (static_cast<int64_t>(kPoints) * other)) / kColumns * kColumns;
  return std::min(channels, std::max(kColumns, fitting));
}

// y = conv(x), with filters that `filters_of` transforms for a stretch of outputs.
template <typename FiltersOf>
void convolve(const Conv3x3& shape, const float* x, const FiltersOf& filters_of, float* y) {
  const Tiles tiles(shape);
  const int inputs = shape.inputs, stretch = stretch_of(shape.outputs, inputs);
  const int block = std::max(kRows, std::min(stretch < shape.outputs ? 48 : 24, (tiles.count + num_threads() - 1) / num_threads()));
  const int num_blocks = (tiles.count + block - 1) / block;
  // Where filters come in stretches, patches are transformed once for all of them, if they fit too.
  const int64_t block_floats = static_cast<int64_t>(kPoints) * block * inputs;
  const bool keeps_patches = stretch < shape.outputs && num_blocks * block_floats <= 2 * kCacheFloats;
  float* all_patches = scratch(kPatches, keeps_patches ? num_blocks * block_floats : 0);
  for (int thread = 0; thread < num_threads(); thread++) {
    scratch(kPerThread + 2 * thread, keeps_patches ? 0 : block_floats);
    scratch(kPerThread + 2 * thread + 1, static_cast<int64_t>(kPoints) * block * stretch);
  }
  for (int first_output = 0; first_output < shape.outputs; first_output += stretch) {
    const Channels outputs = {shape.outputs, first_output, std::min(stretch, shape.outputs - first_output)};
    const float* filters = filters_of(outputs);
    parallel_for(num_blocks, [&](int task, int thread) {
      const int first = task * block, count = std::min(block, tiles.count - first);
      float* patches = keeps_patches ? all_patches + task * block_floats : scratch(kPerThread + 2 * thread, 0);
      float* products = scratch(kPerThread + 2 * thread + 1, 0);
      if (!keeps_patches || first_output == 0) transform_patches(x, tiles, inputs, first, count, block, patches);
      for (int p = 0; p < kPoints; p++)
        for (int o = 0; o < outputs.count; o += kColumns)
          multiply_rows<false>(count, patches + static_cast<int64_t>(p) * block * inputs, inputs, 1,
                               filters + (static_cast<int64_t>(p) * outputs.count + o) * inputs, kColumns, inputs,
                               products + static_cast<int64_t>(p) * block * outputs.count + o, outputs.count);
      transform_outputs(products, tiles, outputs, first, count, block, y);
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

void winograd_filter_gradient(const Conv3x3& shape, const float* x, const float* dy, float* dfilter) {
  const Tiles tiles(shape);
  if (tiles.count == 0) return std::fill(dfilter, dfilter + static_cast<int64_t>(9) * shape.inputs * shape.outputs, 0.0f);
  const int inputs = shape.inputs, stretch = stretch_of(shape.outputs, inputs);
  const int fitting = static_cast<int>(kCacheFloats / (static_cast<int64_t>(kPoints) * (inputs + stretch)));
  const int block = std::min(tiles.count, std::max(64, fitting));
  float* patches = scratch(kPatches, static_cast<int64_t>(kPoints) * block * inputs);
  float* gradients = scratch(kGradients, static_cast<int64_t>(kPoints) * block * stretch);
  float* products = scratch(kFilters, static_cast<int64_t>(kPoints) * inputs * stretch);
  constexpr int kPart = 16;
  for (int first_output = 0; first_output < shape.outputs; first_output += stretch) {
    const Channels outputs = {shape.outputs, first_output, std::min(stretch, shape.outputs - first_output)};
    for (int first = 0; first < tiles.count; first += block) {
      const int count = std::min(block, tiles.count - first);
      const bool has_patches = count == tiles.count && first_output > 0;
      parallel_for((count + kPart - 1) / kPart, [&](int part, int) {
        const int from = part * kPart, size = std::min(kPart, count - from);
        if (!has_patches)
          transform_patches(x, tiles, inputs, first + from, size, block, patches + static_cast<int64_t>(from) * inputs);
        transform_output_gradients(dy, tiles, outputs, first + from, size, block,
                                   gradients + static_cast<int64_t>(from) * outputs.count);
      });
      parallel_for(kPoints, [&](int p, int) {
        const float* a = patches + static_cast<int64_t>(p) * block * inputs;
        const float* b = gradients + static_cast<int64_t>(p) * block * outputs.count;
        float* c = products + static_cast<int64_t>(p) * inputs * outputs.count;
        const auto multiply = first == 0 ? multiply_rows<false> : multiply_rows<true>;
        for (int o = 0; o < outputs.count; o += kColumns)
          multiply(inputs, a, 1, inputs, b + o, outputs.count, count, c + o, outputs.count);
      });
    }
    parallel_for(inputs, [&](int i, int) {
      for (int o = 0; o < outputs.count; o += kWidth) {
        Vector u[kPatch][kPatch], g[3][3];
        for (int p = 0; p < kPoints; p++)
          u[p / kPatch][p % kPatch] = load(products + (static_cast<int64_t>(p) * inputs + i) * outputs.count + o);
        both_ways<kPatch, 3, filter_gradient_transform>(u, g);
        for (int k = 0; k < 9; k++)
          store(dfilter + (static_cast<int64_t>(k) * inputs + i) * outputs.of + first_output + o, g[k / 3][k % 3]);
      }
    });
  }
}

}  // namespace moco

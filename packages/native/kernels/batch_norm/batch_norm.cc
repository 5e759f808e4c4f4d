#include "batch_norm.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/shared/parallel.h"
#include "kernels/shared/vectors.h"

namespace moco {
namespace {

// Results larger than this are written past the caches: beside what is read for them they would not stay there.
constexpr int64_t kStreamedBytes = 4 << 20;

// Rows of a task: what is read twice in a row stays in the first- and second-level cache.
constexpr int64_t kTaskBytes = 64 << 10;

// The rows of every group, cut into tasks; results do not depend on the number of threads.
struct Parts {
  explicit Parts(const BatchNorm& shape)
      : group_rows(shape.rows / shape.groups),
        rows(std::max<int64_t>(16, kTaskBytes / (shape.channels * static_cast<int64_t>(sizeof(float))))),
        per_group(static_cast<int>((group_rows + rows - 1) / rows)), count(per_group * shape.groups) {}
  int64_t group_rows, rows;
  int per_group, count;

  int group(int part) const { return part / per_group; }
  int64_t first(int part) const { return group(part) * group_rows + part % per_group * rows; }
  int64_t size(int part) const { return std::min(rows, group_rows - part % per_group * rows); }
};

bool is_streamed(const BatchNorm& shape) {
  return shape.rows * shape.channels * static_cast<int64_t>(sizeof(float)) > kStreamedBytes;
}

// ReLU; what is not a number stays so.
inline Vector positive(Vector x) { return x < 0.0f ? Vector{} : x; }

// The statistics of one part, about its first row: no digits are lost where the mean is far from zero.
void part_moments(const float* x, int64_t rows, int channels, float* mean, float* squares) {
  const float count = static_cast<float>(rows);
  for (int c = 0; c < channels; c += kWidth) {
    const Vector shift = load(x + c);
    Vector sum[2] = {}, square[2] = {};
    int64_t row = 0;
    for (; row + 2 <= rows; row += 2)
      for (int lane = 0; lane < 2; lane++) {
        const Vector distance = load(x + (row + lane) * channels + c) - shift;
        sum[lane] += distance;
        square[lane] += distance * distance;
      }
    if (row < rows) {
      const Vector distance = load(x + row * channels + c) - shift;
      sum[0] += distance;
      square[0] += distance * distance;
    }
    const Vector total = sum[0] + sum[1];
    store(mean + c, shift + total / count);
    store(squares + c, square[0] + square[1] - total * total / count);
  }
}

// Means and sums of squared distances of parts, put together in their order (Chan et al. 1979).
void combine(const Parts& parts, int group, int channels, const float* means, const float* squares, double* mean,
             double* square) {
  std::fill(mean, mean + channels, 0.0);
  std::fill(square, square + channels, 0.0);
  double seen = 0;
  for (int part = group * parts.per_group; part < (group + 1) * parts.per_group; part++) {
    const double size = static_cast<double>(parts.size(part)), all = seen + size;
    for (int c = 0; c < channels; c++) {
      const double distance = means[static_cast<int64_t>(part) * channels + c] - mean[c];
      mean[c] += distance * size / all;
      square[c] += squares[static_cast<int64_t>(part) * channels + c] + distance * distance * seen * size / all;
    }
    seen = all;
  }
}

// y = factor * x + shift of the rows of a part
template <bool relu, bool adds, bool streams>
void apply(const float* x, const float* residual, int64_t rows, int channels, const float* factor, const float* shift,
           float* y) {
  for (int64_t row = 0; row < rows; row++, x += channels, y += channels, residual += adds ? channels : 0)
    for (int c = 0; c < channels; c += kWidth) {
      Vector value = load(factor + c) * load(x + c) + load(shift + c);
      if (adds) value += load(residual + c);
      if (relu) value = positive(value);
      streams ? stream(y + c, value) : store(y + c, value);
    }
  if (streams) end_stream();
}

using Apply = void (*)(const float*, const float*, int64_t, int, const float*, const float*, float*);

template <bool streams>
Apply apply_for(bool relu, bool adds) {
  if (relu) return adds ? apply<true, true, streams> : apply<true, false, streams>;
  return adds ? apply<false, true, streams> : apply<false, false, streams>;
}

// factor and shift of `apply`, by group
void line_of(const BatchNorm& shape, const float* scale, const float* offset, const float* mean, const float* rstd,
             std::vector<float>& factor, std::vector<float>& shift) {
  const int size = shape.groups * shape.channels;
  factor.resize(size);
  shift.resize(size);
  for (int i = 0; i < size; i++) {
    const int c = i % shape.channels;
    factor[i] = scale[c] * rstd[i];
    shift[i] = offset[c] - mean[i] * factor[i];
  }
}

enum class Gate { none, by_x, by_y };

// The gradient that passes ReLU.
template <Gate gate>
inline Vector passed(const float* dy, const float* x, const float* y, Vector factor, Vector shift) {
  const Vector gradient = load(dy);
  if (gate == Gate::by_x) return factor * load(x) + shift > 0.0f ? gradient : Vector{};
  if (gate == Gate::by_y) return load(y) > 0.0f ? gradient : Vector{};
  return gradient;
}

struct GradientPart {
  const float *dy, *x, *y;
  int64_t rows;
  int channels;
  const float *factor, *shift, *mean;
};

// Sums over a part of the gradient g that passes, and of g * (x - mean); writes g where it is asked for.
template <Gate gate>
void part_sums(const GradientPart& part, float* sums, float* products, float* passes) {
  const int channels = part.channels;
  for (int c = 0; c < channels; c += kWidth) {
    const Vector factor = load(part.factor + c), shift = load(part.shift + c), mean = load(part.mean + c);
    Vector sum{}, product{};
    for (int64_t row = 0; row < part.rows; row++) {
      const int64_t at = row * channels + c;
      const Vector g = passed<gate>(part.dy + at, part.x + at, part.y + at, factor, shift);
      if (passes != nullptr) store(passes + at, g);
      sum += g;
      product += g * (load(part.x + at) - mean);
    }
    store(sums + c, sum);
    store(products + c, product);
  }
}

// dx = factor * g - slope * x - base of a part
template <Gate gate, bool streams>
void part_gradient(const GradientPart& part, const float* slope, const float* base, float* dx) {
  const int channels = part.channels;
  for (int64_t row = 0; row < part.rows; row++)
    for (int c = 0; c < channels; c += kWidth) {
      const int64_t at = row * channels + c;
      const Vector factor = load(part.factor + c);
      const Vector g = passed<gate>(part.dy + at, part.x + at, part.y + at, factor, load(part.shift + c));
      const Vector gradient = factor * g - load(slope + c) * load(part.x + at) - load(base + c);
      streams ? stream(dx + at, gradient) : store(dx + at, gradient);
    }
  if (streams) end_stream();
}

using PartGradient = void (*)(const GradientPart&, const float*, const float*, float*);

template <bool streams>
PartGradient gradient_for(Gate gate) {
  if (gate == Gate::none) return part_gradient<Gate::none, streams>;
  return gate == Gate::by_x ? part_gradient<Gate::by_x, streams> : part_gradient<Gate::by_y, streams>;
}

}  // namespace

bool batch_norm_fits(const BatchNorm& shape) {
  return shape.channels % kWidth == 0 && shape.groups > 0 && shape.rows % shape.groups == 0 && shape.rows > 0;
}

void batch_norm_forward(const BatchNorm& shape, const float* x, const float* scale, const float* offset,
                        const float* residual, const RunningStatistics& running, float* y, float* mean, float* rstd) {
  const Parts parts(shape);
  const int channels = shape.channels;
  std::vector<float> means(static_cast<int64_t>(parts.count) * channels), squares(means.size());
  parallel_for(parts.count, [&](int part, int) {
    const int64_t at = static_cast<int64_t>(part) * channels;
    part_moments(x + parts.first(part) * channels, parts.size(part), channels, &means[at], &squares[at]);
  });
  const double count = static_cast<double>(parts.group_rows);
  std::vector<double> mean_sum(channels), variance_sum(channels), group_mean(channels), group_square(channels);
  for (int group = 0; group < shape.groups; group++) {
    combine(parts, group, channels, means.data(), squares.data(), group_mean.data(), group_square.data());
    for (int c = 0; c < channels; c++) {
      const int64_t at = static_cast<int64_t>(group) * channels + c;
      // Rounding may leave a little less than nothing; what is not a number stays what it is.
      const double square = group_square[c] < 0 ? 0 : group_square[c];
      mean[at] = static_cast<float>(group_mean[c]);
      rstd[at] = static_cast<float>(1 / std::sqrt(square / count + shape.epsilon));
      mean_sum[c] += group_mean[c];
      variance_sum[c] += square / std::max(1.0, count - 1);
    }
  }
  const double kept = 1 - static_cast<double>(shape.momentum), taken = static_cast<double>(shape.momentum) / shape.groups;
  for (int c = 0; c < channels; c++) {
    running.next_mean[c] = static_cast<float>(kept * running.mean[c] + taken * mean_sum[c]);
    running.next_variance[c] = static_cast<float>(kept * running.variance[c] + taken * variance_sum[c]);
  }
  std::vector<float> factor, shift;
  line_of(shape, scale, offset, mean, rstd, factor, shift);
  const bool adds = residual != nullptr;
  const Apply apply_part = is_streamed(shape) ? apply_for<true>(shape.relu, adds) : apply_for<false>(shape.relu, adds);
  parallel_for(parts.count, [&](int part, int) {
    const int64_t at = parts.first(part) * channels, line = static_cast<int64_t>(parts.group(part)) * channels;
    apply_part(x + at, residual == nullptr ? nullptr : residual + at, parts.size(part), channels, &factor[line],
               &shift[line], y + at);
  });
}

void batch_norm_gradient(const BatchNorm& shape, const float* dy, const float* x, const float* y, const float* scale,
                         const float* offset, const float* mean, const float* rstd, float* dx, float* dscale,
                         float* doffset, float* dresidual) {
  const Parts parts(shape);
  const int channels = shape.channels, size = shape.groups * channels;
  const Gate gate = !shape.relu ? Gate::none : y == nullptr ? Gate::by_x : Gate::by_y;
  std::vector<float> factor, shift;
  line_of(shape, scale, offset, mean, rstd, factor, shift);
  const auto part_of = [&](int part) {
    const int64_t at = parts.first(part) * channels, line = static_cast<int64_t>(parts.group(part)) * channels;
    return GradientPart{dy + at, x + at, y == nullptr ? x + at : y + at, parts.size(part), channels, &factor[line],
                        &shift[line], mean + line};
  };

  std::vector<float> sums(static_cast<int64_t>(parts.count) * channels), products(sums.size());
  const auto sums_of = gate == Gate::none   ? part_sums<Gate::none>
                       : gate == Gate::by_x ? part_sums<Gate::by_x>
                                            : part_sums<Gate::by_y>;
  parallel_for(parts.count, [&](int part, int) {
    const int64_t at = static_cast<int64_t>(part) * channels;
    sums_of(part_of(part), &sums[at], &products[at],
            dresidual == nullptr ? nullptr : dresidual + parts.first(part) * channels);
  });

  std::vector<double> sum(size), product(size);
  for (int part = 0; part < parts.count; part++)
    for (int c = 0; c < channels; c++) {
      const int64_t from = static_cast<int64_t>(part) * channels + c, to = static_cast<int64_t>(parts.group(part)) * channels + c;
      sum[to] += sums[from];
      product[to] += products[from];
    }
  std::fill(dscale, dscale + channels, 0.0f);
  std::fill(doffset, doffset + channels, 0.0f);
  std::vector<float> slope(size), base(size);
  const double count = static_cast<double>(parts.group_rows);
  for (int i = 0; i < size; i++) {
    const int c = i % channels;
    dscale[c] += static_cast<float>(product[i] * rstd[i]);
    doffset[c] += static_cast<float>(sum[i]);
    const double along = static_cast<double>(factor[i]) * rstd[i] * rstd[i] * product[i] / count;
    slope[i] = static_cast<float>(along);
    base[i] = static_cast<float>(factor[i] * sum[i] / count - along * mean[i]);
  }

  // What passes was written down where a residual asks for it: it need not be found again.
  const Gate second = dresidual == nullptr ? gate : Gate::none;
  const PartGradient gradient_of = is_streamed(shape) ? gradient_for<true>(second) : gradient_for<false>(second);
  parallel_for(parts.count, [&](int part, int) {
    const int64_t at = parts.first(part) * channels, line = static_cast<int64_t>(parts.group(part)) * channels;
    GradientPart its = part_of(part);
    if (dresidual != nullptr) its.dy = dresidual + at;
    gradient_of(its, &slope[line], &base[line], dx + at);
  });
}

}  // namespace moco

// Batch normalisation in training mode, fused with what follows it in a residual network: the addition of a shortcut
// and ReLU. NHWC seen as rows of channels; the rows are `groups` contiguous parts with statistics of their own.
#pragma once

#include <cstdint>

namespace moco {

struct BatchNorm {
  int64_t rows;  // of all groups together
  int channels, groups;
  float epsilon, momentum;
  bool relu;
};

// How the batch moves the running statistics: both by `momentum`, the variance with its unbiased estimate, and with
// groups by the mean of what they give.
struct RunningStatistics {
  const float *mean, *variance;
  float *next_mean, *next_variance;
};

// Whether the vectors of this build fit the channels.
bool batch_norm_fits(const BatchNorm& shape);

// y = relu(scale * (x - mean) / std + offset + residual); `residual` may be null. mean and rstd (1 / std) are
// [groups, channels].
void batch_norm_forward(const BatchNorm& shape, const float* x, const float* scale, const float* offset,
                        const float* residual, const RunningStatistics& running, float* y, float* mean, float* rstd);

// With ReLU, `y` tells where it let through; null where nothing was added, when x tells it too. `dresidual` (null where
// nothing was added) is the gradient of what was added.
void batch_norm_gradient(const BatchNorm& shape, const float* dy, const float* x, const float* y, const float* scale,
                         const float* offset, const float* mean, const float* rstd, float* dx, float* dscale,
                         float* doffset, float* dresidual);

}  // namespace moco

// 3x3 convolutions of stride 1 with padding 1, NHWC, by Winograd's minimal filtering F(4x4, 3x3) (Lavin & Gray 2016):
// a quarter of the multiplications of the direct form.
#pragma once

namespace moco {

struct Conv3x3 {
  int batch, height, width, inputs, outputs;
};

// Whether the vectors of this build fit the channels.
bool winograd_fits(const Conv3x3& shape);

// y[N,H,W,outputs] = conv(x[N,H,W,inputs], filter[3,3,inputs,outputs])
void winograd_forward(const Conv3x3& shape, const float* x, const float* filter, float* y);

// dx[N,H,W,inputs] of dy[N,H,W,outputs]
void winograd_input_gradient(const Conv3x3& shape, const float* dy, const float* filter, float* dx);

// dfilter[3,3,inputs,outputs] of x and dy
void winograd_filter_gradient(const Conv3x3& shape, const float* x, const float* dy, float* dfilter);

}  // namespace moco

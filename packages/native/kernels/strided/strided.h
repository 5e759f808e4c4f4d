// Convolutions with a stride, and 1x1 ones, NHWC with padding (kernel - 1) / 2, as products of matrices whose rows are
// read where they lie in the image.
#pragma once

namespace moco {

struct StridedConv {
  int batch, height, width, inputs, outputs, kernel, stride;

  int out(int size) const { return (size - 1) / stride + 1; }
};

// Whether the vectors of this build fit the channels.
bool strided_fits(const StridedConv& shape);

// y[N,OH,OW,outputs] = conv(x[N,H,W,inputs], filter[kernel,kernel,inputs,outputs])
void strided_forward(const StridedConv& shape, const float* x, const float* filter, float* y);

// dx[N,H,W,inputs] of dy[N,OH,OW,outputs]
void strided_input_gradient(const StridedConv& shape, const float* dy, const float* filter, float* dx);

}  // namespace moco

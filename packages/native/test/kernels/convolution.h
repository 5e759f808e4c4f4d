// Convolutions as loops, in double precision: what the kernels must come near to.
#pragma once

#include <string>
#include <vector>

namespace moco {

// NHWC with padding (kernel - 1) / 2, filters HWIO.
struct Convolution {
  int batch, height, width, inputs, outputs, kernel, stride;

  int out(int size) const { return (size - 1) / stride + 1; }
  int64_t image_size() const { return static_cast<int64_t>(batch) * height * width * inputs; }
  int64_t result_size() const { return static_cast<int64_t>(batch) * out(height) * out(width) * outputs; }
  int64_t filter_size() const { return static_cast<int64_t>(kernel) * kernel * inputs * outputs; }

  std::string title() const {
    std::string text;
    for (const int size : {batch, height, width, inputs, outputs, kernel, stride}) text += std::to_string(size) + " ";
    return text;
  }

  // Calls body(x, filter, y) with the places of every product.
  template <typename Body>
  void for_each_product(const Body& body) const {
    const int pad = (kernel - 1) / 2, height_out = out(height), width_out = out(width);
    for (int n = 0; n < batch; n++)
      for (int row = 0; row < height_out; row++)
        for (int column = 0; column < width_out; column++)
          for (int tap = 0; tap < kernel * kernel; tap++) {
            const int y = row * stride + tap / kernel - pad, x = column * stride + tap % kernel - pad;
            if (y < 0 || y >= height || x < 0 || x >= width) continue;
            const int64_t from = ((static_cast<int64_t>(n) * height + y) * width + x) * inputs;
            const int64_t to = ((static_cast<int64_t>(n) * height_out + row) * width_out + column) * outputs;
            for (int i = 0; i < inputs; i++)
              for (int o = 0; o < outputs; o++)
                body(from + i, (static_cast<int64_t>(tap) * inputs + i) * outputs + o, to + o);
          }
  }

  std::vector<double> forward(const std::vector<float>& x, const std::vector<float>& filter) const {
    std::vector<double> y(result_size());
    for_each_product([&](int64_t from, int64_t at, int64_t to) { y[to] += static_cast<double>(x[from]) * filter[at]; });
    return y;
  }

  std::vector<double> input_gradient(const std::vector<float>& dy, const std::vector<float>& filter) const {
    std::vector<double> dx(image_size());
    for_each_product([&](int64_t from, int64_t at, int64_t to) { dx[from] += static_cast<double>(dy[to]) * filter[at]; });
    return dx;
  }

  std::vector<double> filter_gradient(const std::vector<float>& x, const std::vector<float>& dy) const {
    std::vector<double> dfilter(filter_size());
    for_each_product([&](int64_t from, int64_t at, int64_t to) { dfilter[at] += static_cast<double>(x[from]) * dy[to]; });
    return dfilter;
  }
};

}  // namespace moco

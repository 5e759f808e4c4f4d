#include "kernels/strided/strided.h"

#include "check.h"
#include "convolution.h"
#include "kernels/shared/products.h"

using namespace moco;

namespace {

struct Images {
  int batch, height, width;
};

// None at all, one pixel, sizes that the stride does not divide.
constexpr Images kImages[] = {{0, 4, 4}, {1, 1, 1}, {1, 2, 1}, {3, 5, 7}, {9, 8, 3}};

}  // namespace

CASE("a strided convolution and its gradient are those of a loop") {
  for (const int kernel : {1, 3})
    for (const int stride : {1, 2})
      for (const auto& [batch, height, width] : kImages)
        for (const int inputs : {kColumns, 2 * kColumns}) {
          const int outputs = kColumns;
          const Convolution shape = {batch, height, width, inputs, outputs, kernel, stride};
          const StridedConv own = {batch, height, width, inputs, outputs, kernel, stride};
          const std::vector<float> x = random_values(shape.image_size(), 1), dy = random_values(shape.result_size(), 2);
          const std::vector<float> filter = random_values(shape.filter_size(), 3);
          std::vector<float> y(dy.size()), dx(x.size());
          strided_forward(own, x.data(), filter.data(), y.data());
          strided_input_gradient(own, dy.data(), filter.data(), dx.data());
          near(shape.title() + "forward", y, shape.forward(x, filter));
          near(shape.title() + "input gradient", dx, shape.input_gradient(dy, filter));
        }
}

CASE("a strided convolution takes the kernels, strides and channels that it was written for") {
  holds("3x3", strided_fits({1, 4, 4, kColumns, kColumns, 3, 2}));
  holds("5x5", !strided_fits({1, 4, 4, kColumns, kColumns, 5, 2}));
  holds("every third", !strided_fits({1, 4, 4, kColumns, kColumns, 3, 3}));
  holds("half of the channels", !strided_fits({1, 4, 4, kColumns / 2, kColumns, 3, 2}));
}

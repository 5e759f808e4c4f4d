#include "kernels/winograd/winograd.h"

#include "check.h"
#include "convolution.h"
#include "kernels/shared/products.h"

using namespace moco;

namespace {

// Images that tiles fill and do not fill, none at all; channels that fill the cache and do not; filters in stretches.
const std::vector<Convolution> kShapes = {
    {0, 4, 4, kColumns, kColumns, 3, 1},     {1, 1, 1, kColumns, kColumns, 3, 1},
    {1, 4, 4, kColumns, 2 * kColumns, 3, 1}, {3, 5, 7, 2 * kColumns, kColumns, 3, 1},
    {2, 9, 3, kColumns, 3 * kColumns, 3, 1}, {7, 12, 13, kColumns, kColumns, 3, 1},
    {2, 6, 5, 4 * kColumns, 4 * kColumns, 3, 1}, {1, 3, 5, 512, 96 + kColumns, 3, 1},
};

Conv3x3 own(const Convolution& shape) {
  return {shape.batch, shape.height, shape.width, shape.inputs, shape.outputs};
}

}  // namespace

CASE("Winograd's convolution and its gradients are those of a loop") {
  for (const Convolution& shape : kShapes) {
    const std::vector<float> x = random_values(shape.image_size(), 1), dy = random_values(shape.result_size(), 2);
    const std::vector<float> filter = random_values(shape.filter_size(), 3);
    std::vector<float> y(dy.size()), dx(x.size()), dfilter(filter.size());
    winograd_forward(own(shape), x.data(), filter.data(), y.data());
    winograd_input_gradient(own(shape), dy.data(), filter.data(), dx.data());
    winograd_filter_gradient(own(shape), x.data(), dy.data(), dfilter.data());
    near(shape.title() + "forward", y, shape.forward(x, filter));
    near(shape.title() + "input gradient", dx, shape.input_gradient(dy, filter));
    near(shape.title() + "filter gradient", dfilter, shape.filter_gradient(x, dy));
  }
}

CASE("Winograd's convolution takes channels that fill its vectors, and no others") {
  holds("as many", winograd_fits({1, 4, 4, kColumns, 3 * kColumns}));
  holds("inputs", !winograd_fits({1, 4, 4, kColumns / 2, kColumns}));
  holds("outputs", !winograd_fits({1, 4, 4, kColumns, kColumns + 1}));
}

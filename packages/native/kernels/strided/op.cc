#include "kernels/shared/op.h"
#include "strided.h"

namespace moco {
namespace {

struct Attributes {
  explicit Attributes(const Construction& from)
      : stride(from.integer("stride")), height(from.integer("height")), width(from.integer("width")) {}
  int stride, height, width;
};

// Of an image, or of the gradient of its result.
bool shape_of(Call& call, void* made, const Shape& image, const Shape& filter, bool is_gradient, StridedConv& shape) {
  const auto& attributes = *static_cast<Attributes*>(made);
  if (!call.require(image.size() == 4 && filter.size() == 4 && filter[0] == filter[1],
                    "images are NHWC and filters square HWIO"))
    return false;
  shape = {static_cast<int>(image[0]), attributes.height, attributes.width, static_cast<int>(filter[2]),
           static_cast<int>(filter[3]), static_cast<int>(filter[0]), attributes.stride};
  if (!call.require(strided_fits(shape), "channels must fill vectors")) return false;
  const Shape expected = is_gradient
                             ? Shape{image[0], shape.out(shape.height), shape.out(shape.width), shape.outputs}
                             : Shape{image[0], shape.height, shape.width, shape.inputs};
  return call.require(image == expected, "the image has another size");
}

void conv(void* made, TF_OpKernelContext* context) {
  Call call(context);
  StridedConv shape;
  if (!shape_of(call, made, call.shape(0), call.shape(1), false, shape)) return;
  if (float* y = call.output(0, {shape.batch, shape.out(shape.height), shape.out(shape.width), shape.outputs}))
    strided_forward(shape, call.input(0), call.input(1), y);
}

void conv_input_gradient(void* made, TF_OpKernelContext* context) {
  Call call(context);
  StridedConv shape;
  if (!shape_of(call, made, call.shape(0), call.shape(1), true, shape)) return;
  if (float* dx = call.output(0, {shape.batch, shape.height, shape.width, shape.inputs}))
    strided_input_gradient(shape, call.input(0), call.input(1), dx);
}

const std::vector<const char*> kAttributes = {"stride: int", "height: int", "width: int"};

const Registration kOps({
    {"MocoStridedConv",
     kAttributes,
     {"x: float", "filter: float"},
     {"y: float"},
     guarded<conv>,
     make<Attributes>,
     destroy<Attributes>},
    {"MocoStridedConvInputGradient",
     kAttributes,
     {"dy: float", "filter: float"},
     {"dx: float"},
     guarded<conv_input_gradient>,
     make<Attributes>,
     destroy<Attributes>},
});

}  // namespace
}  // namespace moco

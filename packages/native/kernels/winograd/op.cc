#include "kernels/shared/op.h"
#include "winograd.h"

namespace moco {
namespace {

bool shape_of(Call& call, const Shape& image, const Shape& filter, bool image_is_output, Conv3x3& shape) {
  if (!call.require(image.size() == 4 && filter.size() == 4 && filter[0] == 3 && filter[1] == 3,
                    "images are NHWC and filters 3x3 HWIO"))
    return false;
  shape = {static_cast<int>(image[0]), static_cast<int>(image[1]), static_cast<int>(image[2]),
           static_cast<int>(filter[2]), static_cast<int>(filter[3])};
  return call.require(image[3] == (image_is_output ? filter[3] : filter[2]), "channels of image and filter differ") &&
         call.require(winograd_fits(shape), "channels must fill vectors");
}

void conv(void*, TF_OpKernelContext* context) {
  Call call(context);
  Conv3x3 shape;
  const Shape image = call.shape(0);
  if (!shape_of(call, image, call.shape(1), false, shape)) return;
  if (float* y = call.output(0, {image[0], image[1], image[2], shape.outputs}))
    winograd_forward(shape, call.input(0), call.input(1), y);
}

void conv_input_gradient(void*, TF_OpKernelContext* context) {
  Call call(context);
  Conv3x3 shape;
  const Shape image = call.shape(0);
  if (!shape_of(call, image, call.shape(1), true, shape)) return;
  if (float* dx = call.output(0, {image[0], image[1], image[2], shape.inputs}))
    winograd_input_gradient(shape, call.input(0), call.input(1), dx);
}

void conv_filter_gradient(void*, TF_OpKernelContext* context) {
  Call call(context);
  Conv3x3 shape;
  const Shape image = call.shape(0), gradient = call.shape(1);
  if (!call.require(gradient.size() == 4 && image.size() == 4, "images are NHWC")) return;
  const Shape filter = {3, 3, image[3], gradient[3]};
  if (!shape_of(call, image, filter, false, shape)) return;
  if (!call.require(Shape(image.begin(), image.end() - 1) == Shape(gradient.begin(), gradient.end() - 1),
                    "image and gradient differ in size"))
    return;
  if (float* dfilter = call.output(0, filter)) winograd_filter_gradient(shape, call.input(0), call.input(1), dfilter);
}

const Registration kOps({
    {"MocoConv3x3", {}, {"x: float", "filter: float"}, {"y: float"}, guarded<conv>},
    {"MocoConv3x3InputGradient", {}, {"dy: float", "filter: float"}, {"dx: float"}, guarded<conv_input_gradient>},
    {"MocoConv3x3FilterGradient", {}, {"x: float", "dy: float"}, {"dfilter: float"}, guarded<conv_filter_gradient>},
});

}  // namespace
}  // namespace moco

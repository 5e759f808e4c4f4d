#include "batch_norm.h"
#include "kernels/shared/op.h"

namespace moco {
namespace {

struct Attributes {
  explicit Attributes(const Construction& from)
      : groups(from.integer("groups")), epsilon(from.number("epsilon")), momentum(from.number("momentum")),
        relu(from.boolean("relu")) {}
  int groups;
  float epsilon, momentum;
  bool relu;
};

bool shape_of(Call& call, void* made, const Shape& image, BatchNorm& shape) {
  const auto& attributes = *static_cast<Attributes*>(made);
  if (!call.require(image.size() == 4, "images are NHWC")) return false;
  shape = {image[0] * image[1] * image[2], static_cast<int>(image[3]), attributes.groups, attributes.epsilon,
           attributes.momentum, attributes.relu};
  return call.require(image[0] > 0 && shape.groups > 0 && image[0] % shape.groups == 0,
                      "the groups must divide the batch") &&
         call.require(batch_norm_fits(shape), "channels must fill vectors");
}

// x, scale, offset, running mean, running variance, residual? -> y, mean, rstd, running mean, running variance
void forward(void* made, TF_OpKernelContext* context) {
  Call call(context);
  BatchNorm shape;
  const Shape image = call.shape(0);
  if (!shape_of(call, made, image, shape)) return;
  const Shape statistics = {shape.groups, shape.channels};
  if (!call.sized(1, 4, shape.channels) || !call.sized(5, call.num_inputs() - 1, call.size(0))) return;
  float* y = call.output(0, image);
  float* mean = call.output(1, statistics);
  float* rstd = call.output(2, statistics);
  const RunningStatistics running = {call.input(3), call.input(4), call.output(3, {shape.channels}),
                                     call.output(4, {shape.channels})};
  if (!y || !mean || !rstd || !running.next_mean || !running.next_variance) return;
  batch_norm_forward(shape, call.input(0), call.input(1), call.input(2), call.num_inputs() > 5 ? call.input(5) : nullptr,
                     running, y, mean, rstd);
}

// dy, x, scale, offset, mean, rstd, y? -> dx, dscale, doffset, dresidual?
void gradient(void* made, TF_OpKernelContext* context) {
  Call call(context);
  BatchNorm shape;
  const Shape image = call.shape(1);
  if (!shape_of(call, made, image, shape)) return;
  const bool adds = call.num_inputs() > 6;
  if (!call.sized(0, 0, call.size(1)) || !call.sized(2, 3, shape.channels) ||
      !call.sized(4, 5, static_cast<int64_t>(shape.groups) * shape.channels) ||
      !call.sized(6, call.num_inputs() - 1, call.size(1)))
    return;
  float* dx = call.output(0, image);
  float* dscale = call.output(1, {shape.channels});
  float* doffset = call.output(2, {shape.channels});
  float* dresidual = adds ? call.output(3, image) : nullptr;
  if (!dx || !dscale || !doffset || (adds && !dresidual)) return;
  batch_norm_gradient(shape, call.input(0), call.input(1), adds ? call.input(6) : nullptr, call.input(2), call.input(3),
                      call.input(4), call.input(5), dx, dscale, doffset, dresidual);
}

const std::vector<const char*> kAttributes = {"groups: int", "epsilon: float", "momentum: float", "relu: bool",
                                              "R: int >= 0"};

const Registration kOps({
    {"MocoBatchNorm",
     kAttributes,
     {"x: float", "scale: float", "offset: float", "running_mean: float", "running_variance: float",
      "residual: R * float"},
     {"y: float", "mean: float", "rstd: float", "next_mean: float", "next_variance: float"},
     guarded<forward>,
     make<Attributes>,
     destroy<Attributes>},
    {"MocoBatchNormGradient",
     kAttributes,
     {"dy: float", "x: float", "scale: float", "offset: float", "mean: float", "rstd: float", "y: R * float"},
     {"dx: float", "dscale: float", "doffset: float", "dresidual: R * float"},
     guarded<gradient>,
     make<Attributes>,
     destroy<Attributes>},
});

}  // namespace
}  // namespace moco

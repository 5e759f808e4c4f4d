// TensorFlow ops around the kernels in this folder, registered when this library is loaded as a Node addon.

#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <vector>

#include <node_api.h>

#include "batch_norm.h"
#include "info_nce.h"
#include "libtensorflow.h"
#include "parameters.h"
#include "products.h"
#include "shared_info_nce.h"
#include "strided.h"
#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"
#include "winograd.h"

namespace moco {
namespace {

using Shape = std::vector<int64_t>;

struct DeleteTensor {
  void operator()(TF_Tensor* tensor) const { TF_DeleteTensor(tensor); }
};

// One execution of an op: its inputs and outputs, and its failure.
class Call {
 public:
  explicit Call(TF_OpKernelContext* context) : context_(context), status_(TF_NewStatus()) {}
  Call(const Call&) = delete;
  ~Call() { TF_DeleteStatus(status_); }

  int num_inputs() const { return TF_NumInputs(context_); }

  const float* input(int index) { return static_cast<const float*>(TF_TensorData(tensor(index))); }
  int64_t size(int index) { return TF_TensorElementCount(tensor(index)); }

  Shape shape(int index) {
    TF_Tensor* input = tensor(index);
    Shape shape(TF_NumDims(input));
    for (size_t axis = 0; axis < shape.size(); axis++) shape[axis] = TF_Dim(input, static_cast<int>(axis));
    return shape;
  }

  // Null when there is no memory for it; the op has then failed.
  float* output(int index, const Shape& shape) {
    int64_t size = 1;
    for (const int64_t length : shape) size *= length;
    TF_Tensor* output = TF_AllocateOutput(context_, index, TF_FLOAT, shape.data(), static_cast<int>(shape.size()),
                                          size * sizeof(float), status_);
    if (TF_GetCode(status_) != TF_OK) {
      fail();
      return nullptr;
    }
    tensors_.emplace_back(output);
    return static_cast<float*>(TF_TensorData(output));
  }

  void scalar(int index, float value) {
    if (float* to = output(index, {})) *to = value;
  }

  // Whether `holds`; where not, the op has failed with this message.
  bool require(bool holds, const char* message) {
    if (holds) return true;
    TF_SetStatus(status_, TF_INVALID_ARGUMENT, message);
    fail();
    return false;
  }

 private:
  TF_Tensor* tensor(int index) {
    if (inputs_.size() <= static_cast<size_t>(index)) inputs_.resize(num_inputs());
    if (inputs_[index] == nullptr) {
      TF_Tensor* input = nullptr;
      TF_GetInput(context_, index, &input, status_);
      inputs_[index].reset(input);
    }
    return inputs_[index].get();
  }

  void fail() { TF_OpKernelContext_Failure(context_, status_); }

  TF_OpKernelContext* context_;
  TF_Status* status_;
  std::vector<std::unique_ptr<TF_Tensor, DeleteTensor>> inputs_, tensors_;
};

// ---- Convolution by Winograd's algorithm. ----

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

// ---- Convolution with a stride. ----

struct StridedAttributes {
  int stride = 1, height = 0, width = 0;
};

void* make_strided(TF_OpKernelConstruction* construction) {
  auto* made = new StridedAttributes;
  TF_Status* status = TF_NewStatus();
  TF_OpKernelConstruction_GetAttrInt32(construction, "stride", &made->stride, status);
  TF_OpKernelConstruction_GetAttrInt32(construction, "height", &made->height, status);
  TF_OpKernelConstruction_GetAttrInt32(construction, "width", &made->width, status);
  TF_DeleteStatus(status);
  return made;
}

void delete_strided(void* made) { delete static_cast<StridedAttributes*>(made); }

// Of an image, or of the gradient of its result.
bool strided_of(Call& call, void* made, const Shape& image, const Shape& filter, bool is_gradient, StridedConv& shape) {
  const auto& attributes = *static_cast<StridedAttributes*>(made);
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

void strided_conv(void* made, TF_OpKernelContext* context) {
  Call call(context);
  StridedConv shape;
  if (!strided_of(call, made, call.shape(0), call.shape(1), false, shape)) return;
  if (float* y = call.output(0, {shape.batch, shape.out(shape.height), shape.out(shape.width), shape.outputs}))
    strided_forward(shape, call.input(0), call.input(1), y);
}

void strided_conv_input_gradient(void* made, TF_OpKernelContext* context) {
  Call call(context);
  StridedConv shape;
  if (!strided_of(call, made, call.shape(0), call.shape(1), true, shape)) return;
  if (float* dx = call.output(0, {shape.batch, shape.height, shape.width, shape.inputs}))
    strided_input_gradient(shape, call.input(0), call.input(1), dx);
}

// ---- Batch normalisation. ----

struct BatchNormAttributes {
  int groups = 1;
  float epsilon = 0, momentum = 0;
  bool relu = false;
};

void* make_batch_norm(TF_OpKernelConstruction* construction) {
  auto* made = new BatchNormAttributes;
  TF_Status* status = TF_NewStatus();
  TF_Bool relu = 0;
  TF_OpKernelConstruction_GetAttrInt32(construction, "groups", &made->groups, status);
  TF_OpKernelConstruction_GetAttrFloat(construction, "epsilon", &made->epsilon, status);
  TF_OpKernelConstruction_GetAttrFloat(construction, "momentum", &made->momentum, status);
  TF_OpKernelConstruction_GetAttrBool(construction, "relu", &relu, status);
  made->relu = relu != 0;
  TF_DeleteStatus(status);
  return made;
}

void delete_batch_norm(void* made) { delete static_cast<BatchNormAttributes*>(made); }

bool batch_norm_of(Call& call, void* made, const Shape& image, BatchNorm& shape) {
  const auto& attributes = *static_cast<BatchNormAttributes*>(made);
  if (!call.require(image.size() == 4, "images are NHWC")) return false;
  shape = {image[0] * image[1] * image[2], static_cast<int>(image[3]), attributes.groups, attributes.epsilon,
           attributes.momentum, attributes.relu};
  return call.require(image[0] > 0 && shape.groups > 0 && image[0] % shape.groups == 0,
                      "the groups must divide the batch") &&
         call.require(batch_norm_fits(shape), "channels must fill vectors");
}

// Whether inputs first..last are as long as they must be.
bool sized(Call& call, int first, int last, int64_t size) {
  for (int index = first; index <= last; index++)
    if (!call.require(call.size(index) == size, "an input has another size")) return false;
  return true;
}

// x, scale, offset, running mean, running variance, residual? -> y, mean, rstd, running mean, running variance
void batch_norm(void* made, TF_OpKernelContext* context) {
  Call call(context);
  BatchNorm shape;
  const Shape image = call.shape(0);
  if (!batch_norm_of(call, made, image, shape)) return;
  const Shape statistics = {shape.groups, shape.channels};
  if (!sized(call, 1, 4, shape.channels) || !sized(call, 5, call.num_inputs() - 1, call.size(0))) return;
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
void batch_norm_gradient_op(void* made, TF_OpKernelContext* context) {
  Call call(context);
  BatchNorm shape;
  const Shape image = call.shape(1);
  if (!batch_norm_of(call, made, image, shape)) return;
  const bool adds = call.num_inputs() > 6;
  if (!sized(call, 0, 0, call.size(1)) || !sized(call, 2, 3, shape.channels) ||
      !sized(call, 4, 5, static_cast<int64_t>(shape.groups) * shape.channels) ||
      !sized(call, 6, call.num_inputs() - 1, call.size(1)))
    return;
  float* dx = call.output(0, image);
  float* dscale = call.output(1, {shape.channels});
  float* doffset = call.output(2, {shape.channels});
  float* dresidual = adds ? call.output(3, image) : nullptr;
  if (!dx || !dscale || !doffset || (adds && !dresidual)) return;
  batch_norm_gradient(shape, call.input(0), call.input(1), adds ? call.input(6) : nullptr, call.input(2), call.input(3),
                      call.input(4), call.input(5), dx, dscale, doffset, dresidual);
}

// ---- All parameters at once. ----

// The inputs first..first+count-1; they must be as long as those from input 0 on.
bool spans_of(Call& call, int first, int count, std::vector<Span>& spans) {
  for (int i = 0; i < count; i++) {
    spans.push_back({call.input(first + i), call.size(first + i)});
    if (!call.require(spans[i].size == call.size(i), "tensors differ in size")) return false;
  }
  return true;
}

// Outputs first..first+count-1 in the shapes of the inputs from 0 on.
bool outputs_like(Call& call, int first, int count, std::vector<float*>& outputs) {
  for (int i = 0; i < count; i++) {
    outputs.push_back(call.output(first + i, call.shape(i)));
    if (outputs.back() == nullptr) return false;
  }
  return true;
}

// N parameters, N gradients, N moments, [learning rate, momentum, weight decay] -> N parameters, N moments
void sgd_op(void*, TF_OpKernelContext* context) {
  Call call(context);
  const int count = (call.num_inputs() - 1) / 3;
  std::vector<Span> parameters, gradients, moments;
  std::vector<float*> next_parameters, next_moments;
  if (!spans_of(call, 0, count, parameters) || !spans_of(call, count, count, gradients) ||
      !spans_of(call, 2 * count, count, moments) || !outputs_like(call, 0, count, next_parameters) ||
      !outputs_like(call, count, count, next_moments))
    return;
  const float* settings = call.input(3 * count);
  if (!call.require(call.size(3 * count) == 3, "three settings")) return;
  sgd({settings[0], settings[1], settings[2]}, parameters, gradients, moments, next_parameters, next_moments);
}

// N keys, N queries, [m, 1 - m] -> N keys
void ema_op(void*, TF_OpKernelContext* context) {
  Call call(context);
  const int count = (call.num_inputs() - 1) / 2;
  std::vector<Span> keys, queries;
  std::vector<float*> next;
  if (!spans_of(call, 0, count, keys) || !spans_of(call, count, count, queries) || !outputs_like(call, 0, count, next))
    return;
  if (!call.require(call.size(2 * count) == 2, "m and 1 - m")) return;
  ema(call.input(2 * count)[0], call.input(2 * count)[1], keys, queries, next);
}

// N tensors -> Euclidean norm over all of them
void norm_op(void*, TF_OpKernelContext* context) {
  Call call(context);
  std::vector<Span> tensors;
  if (spans_of(call, 0, call.num_inputs(), tensors))
    call.scalar(0, static_cast<float>(std::sqrt(squared_norm(tensors))));
}

// N tensors and N others -> Euclidean distance over all of them
void distance_op(void*, TF_OpKernelContext* context) {
  Call call(context);
  const int count = call.num_inputs() / 2;
  std::vector<Span> a, b;
  if (spans_of(call, 0, count, a) && spans_of(call, count, count, b))
    call.scalar(0, static_cast<float>(std::sqrt(squared_distance(a, b))));
}

// N tensors -> N numbers, 1 where all values of a tensor are finite, else 0
void finite_op(void*, TF_OpKernelContext* context) {
  Call call(context);
  std::vector<Span> tensors;
  if (!spans_of(call, 0, call.num_inputs(), tensors)) return;
  float* flags = call.output(0, {call.num_inputs()});
  if (flags == nullptr) return;
  const std::vector<bool> are_finite = finite(tensors);
  std::copy(are_finite.begin(), are_finite.end(), flags);
}

// ---- Loss. ----

bool similarities_of(Call& call, Similarities& similarities) {
  const Shape positive = call.shape(0), negative = call.shape(1);
  if (!call.require(positive.size() == 2 && negative.size() == 2 && positive[0] == negative[0] && positive[1] == 1,
                    "similarities are N x 1 and N x K"))
    return false;
  similarities = {call.input(0), call.input(1), negative[0], negative[1]};
  return call.require(call.size(2) == 1, "one temperature");
}

// positive, negative, temperature -> loss, log sums
void info_nce_op(void*, TF_OpKernelContext* context) {
  Call call(context);
  Similarities similarities;
  if (!similarities_of(call, similarities)) return;
  float* log_sums = call.output(1, {similarities.queries});
  if (log_sums != nullptr) call.scalar(0, info_nce(similarities, *call.input(2), log_sums));
}

// positive, negative, temperature, log sums, dloss -> dpositive, dnegative
void info_nce_gradient_op(void*, TF_OpKernelContext* context) {
  Call call(context);
  Similarities similarities;
  if (!similarities_of(call, similarities)) return;
  if (!sized(call, 3, 3, similarities.queries) || !sized(call, 4, 4, 1)) return;
  float* dpositive = call.output(0, call.shape(0));
  float* dnegative = call.output(1, call.shape(1));
  if (dpositive && dnegative)
    info_nce_gradient(similarities, *call.input(2), call.input(3), *call.input(4), dpositive, dnegative);
}

// query, positive, negative, temperature -> loss, closest, dquery, dpositive
void shared_info_nce_op(void*, TF_OpKernelContext* context) {
  Call call(context);
  const Shape query = call.shape(0), positive = call.shape(1), negative = call.shape(2);
  if (!call.require(query.size() == 2 && negative.size() == 2 && query[1] == negative[1] && negative[0] > 0,
                    "queries are N x D and negatives K x D") ||
      !call.require(positive == Shape{query[0], 1}, "positive similarities are N x 1") ||
      !call.require(call.size(3) == 1, "one temperature"))
    return;
  float* closest = call.output(1, positive);
  float* dquery = call.output(2, query);
  float* dpositive = call.output(3, positive);
  if (!closest || !dquery || !dpositive) return;
  const SharedInfoNce given = {call.input(0), call.input(1), call.input(2), query[0], negative[0], query[1]};
  call.scalar(0, shared_info_nce(given, *call.input(3), {dquery, dpositive, closest}));
}

// ---- Registration. ----

using Compute = void (*)(void*, TF_OpKernelContext*);

std::mutex& one_at_a_time() {
  static std::mutex& mutex = *new std::mutex;
  return mutex;
}

// A kernel that finds no memory fails as TensorFlow's own do. One runs at a time: each has all threads, and they share
// their scratch memory.
template <Compute compute>
void guarded(void* made, TF_OpKernelContext* context) {
  std::lock_guard<std::mutex> lock(one_at_a_time());
  try {
    compute(made, context);
  } catch (const std::bad_alloc&) {
    TF_Status* status = TF_NewStatus();
    TF_SetStatus(status, TF_RESOURCE_EXHAUSTED, "OOM when allocating memory for an op's own use");
    TF_OpKernelContext_Failure(context, status);
    TF_DeleteStatus(status);
  }
}

struct Op {
  const char* name;
  std::vector<const char*> attributes, inputs, outputs;
  Compute compute;
  void* (*make)(TF_OpKernelConstruction*) = nullptr;
  void (*destroy)(void*) = nullptr;
};

const std::vector<const char*> kBatchNorm = {"groups: int", "epsilon: float", "momentum: float", "relu: bool",
                                             "R: int >= 0"};

const std::vector<const char*> kStrided = {"stride: int", "height: int", "width: int"};

const Op kOps[] = {
    {"MocoConv3x3", {}, {"x: float", "filter: float"}, {"y: float"}, guarded<conv>},
    {"MocoConv3x3InputGradient", {}, {"dy: float", "filter: float"}, {"dx: float"}, guarded<conv_input_gradient>},
    {"MocoConv3x3FilterGradient", {}, {"x: float", "dy: float"}, {"dfilter: float"}, guarded<conv_filter_gradient>},
    {"MocoStridedConv",
     kStrided,
     {"x: float", "filter: float"},
     {"y: float"},
     guarded<strided_conv>,
     make_strided,
     delete_strided},
    {"MocoStridedConvInputGradient",
     kStrided,
     {"dy: float", "filter: float"},
     {"dx: float"},
     guarded<strided_conv_input_gradient>,
     make_strided,
     delete_strided},
    {"MocoBatchNorm",
     kBatchNorm,
     {"x: float", "scale: float", "offset: float", "running_mean: float", "running_variance: float",
      "residual: R * float"},
     {"y: float", "mean: float", "rstd: float", "next_mean: float", "next_variance: float"},
     guarded<batch_norm>,
     make_batch_norm,
     delete_batch_norm},
    {"MocoBatchNormGradient",
     kBatchNorm,
     {"dy: float", "x: float", "scale: float", "offset: float", "mean: float", "rstd: float", "y: R * float"},
     {"dx: float", "dscale: float", "doffset: float", "dresidual: R * float"},
     guarded<batch_norm_gradient_op>,
     make_batch_norm,
     delete_batch_norm},
    {"MocoSgd",
     {"N: int >= 1"},
     {"parameters: N * float", "gradients: N * float", "moments: N * float", "settings: float"},
     {"next_parameters: N * float", "next_moments: N * float"},
     guarded<sgd_op>},
    {"MocoEma",
     {"N: int >= 1"},
     {"keys: N * float", "queries: N * float", "momentum: float"},
     {"next: N * float"},
     guarded<ema_op>},
    {"MocoNorm", {"N: int >= 1"}, {"tensors: N * float"}, {"norm: float"}, guarded<norm_op>},
    {"MocoDistance", {"N: int >= 1"}, {"a: N * float", "b: N * float"}, {"distance: float"}, guarded<distance_op>},
    {"MocoFinite", {"N: int >= 1"}, {"tensors: N * float"}, {"finite: float"}, guarded<finite_op>},
    {"MocoInfoNce",
     {},
     {"positive: float", "negative: float", "temperature: float"},
     {"loss: float", "log_sums: float"},
     guarded<info_nce_op>},
    {"MocoInfoNceGradient",
     {},
     {"positive: float", "negative: float", "temperature: float", "log_sums: float", "dloss: float"},
     {"dpositive: float", "dnegative: float"},
     guarded<info_nce_gradient_op>},
    {"MocoSharedInfoNce",
     {},
     {"query: float", "positive: float", "negative: float", "temperature: float"},
     {"loss: float", "closest: float", "dquery: float", "dpositive: float"},
     guarded<shared_info_nce_op>},
};

// Empty, or why an op could not be registered.
std::string register_op(const Op& op, TF_Status* status) {
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(op.name);
  for (const char* attribute : op.attributes) TF_OpDefinitionBuilderAddAttr(definition, attribute);
  for (const char* input : op.inputs) TF_OpDefinitionBuilderAddInput(definition, input);
  for (const char* output : op.outputs) TF_OpDefinitionBuilderAddOutput(definition, output);
  TF_RegisterOpDefinition(definition, status);
  if (TF_GetCode(status) != TF_OK) return TF_Message(status);
  TF_RegisterKernelBuilder(op.name, TF_NewKernelBuilder(op.name, "CPU", op.make, op.compute, op.destroy), status);
  return TF_GetCode(status) == TF_OK ? "" : TF_Message(status);
}

// Once in a process, however often the addon is asked for.
const std::string& register_all() {
  static const std::string& problem = *new std::string([]() -> std::string {
    std::string first = load_libtensorflow();
    if (!first.empty()) return first;
    TF_Status* status = TF_NewStatus();
    for (const Op& op : kOps) {
      first = register_op(op, status);
      if (!first.empty()) break;
    }
    TF_DeleteStatus(status);
    return first;
  }());
  return problem;
}

}  // namespace
}  // namespace moco

static napi_value give_back_pages(napi_env, napi_callback_info) {
  moco::give_back_pages();
  return nullptr;
}

NAPI_MODULE_INIT() {
  const std::string& problem = moco::register_all();
  if (!problem.empty()) {
    napi_throw_error(env, nullptr, problem.c_str());
    return nullptr;
  }
  napi_value function, sources, compiler, columns;
  napi_create_function(env, "giveBackPages", NAPI_AUTO_LENGTH, give_back_pages, nullptr, &function);
  napi_set_named_property(env, exports, "giveBackPages", function);
  napi_create_string_utf8(env, MOCO_OPS_SOURCES, NAPI_AUTO_LENGTH, &sources);
  napi_set_named_property(env, exports, "sources", sources);
  napi_create_string_utf8(env, __VERSION__, NAPI_AUTO_LENGTH, &compiler);
  napi_set_named_property(env, exports, "compiler", compiler);
  napi_create_int32(env, moco::kColumns, &columns);
  napi_set_named_property(env, exports, "columns", columns);
  return exports;
}

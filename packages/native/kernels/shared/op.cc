#include "kernels/shared/op.h"

#include <mutex>
#include <new>

namespace moco {
namespace {

std::vector<Op>& noted_ops() {
  static std::vector<Op>& ops = *new std::vector<Op>;
  return ops;
}

std::mutex& one_at_a_time() {
  static std::mutex& mutex = *new std::mutex;
  return mutex;
}

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

}  // namespace

Shape Call::shape(int index) {
  TF_Tensor* input = tensor(index);
  Shape shape(TF_NumDims(input));
  for (size_t axis = 0; axis < shape.size(); axis++) shape[axis] = TF_Dim(input, static_cast<int>(axis));
  return shape;
}

float* Call::output(int index, const Shape& shape) {
  int64_t size = 1;
  for (const int64_t length : shape) size *= length;
  TF_Tensor* output = TF_AllocateOutput(context_, index, TF_FLOAT, shape.data(), static_cast<int>(shape.size()),
                                        size * sizeof(float), status_);
  if (TF_GetCode(status_) != TF_OK) {
    fail();
    return nullptr;
  }
  outputs_.emplace_back(output);
  return static_cast<float*>(TF_TensorData(output));
}

void Call::scalar(int index, float value) {
  if (float* to = output(index, {})) *to = value;
}

bool Call::require(bool holds, const char* message) {
  if (holds) return true;
  TF_SetStatus(status_, TF_INVALID_ARGUMENT, message);
  fail();
  return false;
}

bool Call::sized(int first, int last, int64_t size) {
  for (int index = first; index <= last; index++)
    if (!require(this->size(index) == size, "an input has another size")) return false;
  return true;
}

TF_Tensor* Call::tensor(int index) {
  if (inputs_.size() <= static_cast<size_t>(index)) inputs_.resize(num_inputs());
  if (inputs_[index] == nullptr) {
    TF_Tensor* input = nullptr;
    TF_GetInput(context_, index, &input, status_);
    inputs_[index].reset(input);
  }
  return inputs_[index].get();
}

int Construction::integer(const char* attribute) const {
  int value = 0;
  TF_OpKernelConstruction_GetAttrInt32(construction_, attribute, &value, status_);
  return value;
}

float Construction::number(const char* attribute) const {
  float value = 0;
  TF_OpKernelConstruction_GetAttrFloat(construction_, attribute, &value, status_);
  return value;
}

bool Construction::boolean(const char* attribute) const {
  TF_Bool value = 0;
  TF_OpKernelConstruction_GetAttrBool(construction_, attribute, &value, status_);
  return value != 0;
}

void guard(Compute compute, void* attributes, TF_OpKernelContext* context) {
  std::lock_guard<std::mutex> lock(one_at_a_time());
  try {
    compute(attributes, context);
  } catch (const std::bad_alloc&) {
    TF_Status* status = TF_NewStatus();
    TF_SetStatus(status, TF_RESOURCE_EXHAUSTED, "OOM when allocating memory for an op's own use");
    TF_OpKernelContext_Failure(context, status);
    TF_DeleteStatus(status);
  }
}

Registration::Registration(std::initializer_list<Op> ops) {
  noted_ops().insert(noted_ops().end(), ops.begin(), ops.end());
}

std::string register_ops() {
  std::string problem;
  TF_Status* status = TF_NewStatus();
  for (const Op& op : noted_ops()) {
    problem = register_op(op, status);
    if (!problem.empty()) break;
  }
  TF_DeleteStatus(status);
  return problem;
}

}  // namespace moco

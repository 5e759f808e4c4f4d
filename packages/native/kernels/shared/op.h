// TensorFlow ops around the kernels: what a family says of its own in its op.cc, and nothing else of TensorFlow's.
//
// A family registers its ops with a constant, so a new family is a new folder and no list names it:
//
//     void norm(void*, TF_OpKernelContext* context) { Call call(context); ... }
//     const Registration kOps({{"MocoNorm", {"N: int >= 1"}, {"tensors: N * float"}, {"norm: float"}, guarded<norm>}});
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

namespace moco {

using Shape = std::vector<int64_t>;

// One execution of an op: its inputs and outputs, and its failure.
class Call {
 public:
  explicit Call(TF_OpKernelContext* context) : context_(context), status_(TF_NewStatus()) {}
  Call(const Call&) = delete;
  ~Call() { TF_DeleteStatus(status_); }

  int num_inputs() const { return TF_NumInputs(context_); }
  const float* input(int index) { return static_cast<const float*>(TF_TensorData(tensor(index))); }
  int64_t size(int index) { return TF_TensorElementCount(tensor(index)); }
  Shape shape(int index);

  // Null when there is no memory for it; the op has then failed.
  float* output(int index, const Shape& shape);
  void scalar(int index, float value);

  // Whether `holds`; where not, the op has failed with this message.
  bool require(bool holds, const char* message);
  // Whether inputs first..last are as long as they must be.
  bool sized(int first, int last, int64_t size);

 private:
  struct DeleteTensor {
    void operator()(TF_Tensor* tensor) const { TF_DeleteTensor(tensor); }
  };

  TF_Tensor* tensor(int index);
  void fail() { TF_OpKernelContext_Failure(context_, status_); }

  TF_OpKernelContext* context_;
  TF_Status* status_;
  std::vector<std::unique_ptr<TF_Tensor, DeleteTensor>> inputs_, outputs_;
};

// What an op is made with: its attributes.
class Construction {
 public:
  explicit Construction(TF_OpKernelConstruction* construction) : construction_(construction), status_(TF_NewStatus()) {}
  Construction(const Construction&) = delete;
  ~Construction() { TF_DeleteStatus(status_); }

  int integer(const char* attribute) const;
  float number(const char* attribute) const;
  bool boolean(const char* attribute) const;

 private:
  TF_OpKernelConstruction* construction_;
  TF_Status* status_;
};

using Compute = void (*)(void* attributes, TF_OpKernelContext* context);

// Runs a kernel as `guarded` says.
void guard(Compute compute, void* attributes, TF_OpKernelContext* context);

// A kernel that finds no memory fails as TensorFlow's own do. One runs at a time: each has all threads, and they share
// their scratch memory.
template <Compute compute>
void guarded(void* attributes, TF_OpKernelContext* context) {
  guard(compute, attributes, context);
}

// Keeps an op's attributes as a struct that a Construction makes, from when it is made to its end.
template <typename Attributes>
void* make(TF_OpKernelConstruction* construction) {
  return new Attributes(Construction(construction));
}

template <typename Attributes>
void destroy(void* attributes) {
  delete static_cast<Attributes*>(attributes);
}

struct Op {
  const char* name;
  std::vector<const char*> attributes, inputs, outputs;
  Compute compute;
  void* (*make)(TF_OpKernelConstruction*) = nullptr;
  void (*destroy)(void*) = nullptr;
};

// Notes ops down, to be registered when the addon is loaded.
class Registration {
 public:
  Registration(std::initializer_list<Op> ops);
};

// Registers the ops of all families; returns why one could not be registered, or nothing.
std::string register_ops();

}  // namespace moco

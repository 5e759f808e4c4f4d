#include <algorithm>
#include <cmath>

#include "kernels/shared/op.h"
#include "parameters.h"

namespace moco {
namespace {

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

const Registration kOps({
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
});

}  // namespace
}  // namespace moco

#include "info_nce.h"
#include "kernels/shared/op.h"

namespace moco {
namespace {

bool similarities_of(Call& call, Similarities& similarities) {
  const Shape positive = call.shape(0), negative = call.shape(1);
  if (!call.require(positive.size() == 2 && negative.size() == 2 && positive[0] == negative[0] && positive[1] == 1,
                    "similarities are N x 1 and N x K"))
    return false;
  similarities = {call.input(0), call.input(1), negative[0], negative[1]};
  return call.require(call.size(2) == 1, "one temperature");
}

// positive, negative, temperature -> loss, log sums
void loss(void*, TF_OpKernelContext* context) {
  Call call(context);
  Similarities similarities;
  if (!similarities_of(call, similarities)) return;
  float* log_sums = call.output(1, {similarities.queries});
  if (log_sums != nullptr) call.scalar(0, info_nce(similarities, *call.input(2), log_sums));
}

// positive, negative, temperature, log sums, dloss -> dpositive, dnegative
void gradient(void*, TF_OpKernelContext* context) {
  Call call(context);
  Similarities similarities;
  if (!similarities_of(call, similarities)) return;
  if (!call.sized(3, 3, similarities.queries) || !call.sized(4, 4, 1)) return;
  float* dpositive = call.output(0, call.shape(0));
  float* dnegative = call.output(1, call.shape(1));
  if (dpositive && dnegative)
    info_nce_gradient(similarities, *call.input(2), call.input(3), *call.input(4), dpositive, dnegative);
}

const Registration kOps({
    {"MocoInfoNce",
     {},
     {"positive: float", "negative: float", "temperature: float"},
     {"loss: float", "log_sums: float"},
     guarded<loss>},
    {"MocoInfoNceGradient",
     {},
     {"positive: float", "negative: float", "temperature: float", "log_sums: float", "dloss: float"},
     {"dpositive: float", "dnegative: float"},
     guarded<gradient>},
});

}  // namespace
}  // namespace moco

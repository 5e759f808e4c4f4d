#include "kernels/shared/op.h"
#include "shared_info_nce.h"

namespace moco {
namespace {

// query, positive, negative, temperature -> loss, closest, dquery, dpositive
void loss(void*, TF_OpKernelContext* context) {
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

const Registration kOps({
    {"MocoSharedInfoNce",
     {},
     {"query: float", "positive: float", "negative: float", "temperature: float"},
     {"loss: float", "closest: float", "dquery: float", "dpositive: float"},
     guarded<loss>},
});

}  // namespace
}  // namespace moco

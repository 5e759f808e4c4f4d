// InfoNCE (He et al. 2020, equation 1) against a dictionary that all queries share.
#pragma once

#include <cstdint>

namespace moco {

struct SharedInfoNce {
  const float* query;     // [queries, size]
  const float* positive;  // [queries], similarity to the query's own key
  const float* negative;  // [negatives, size]
  int64_t queries, negatives, size;
};

// What is wanted beside the loss: the gradient of the mean loss in the queries and in their positive similarities, and
// each query's largest similarity to a negative.
struct SharedInfoNceResult {
  float* dquery;     // [queries, size], without the part that reaches the queries through their positives
  float* dpositive;  // [queries]
  float* closest;    // [queries]
};

// Mean loss in nats. The similarities are never written to memory: a block of them is made, exponentiated and used for
// the gradient while it is in the processor's own cache, relative to the largest so far (an online softmax, Milakov and
// Gimelshein 2018).
float shared_info_nce(const SharedInfoNce& given, float temperature, const SharedInfoNceResult& result);

}  // namespace moco

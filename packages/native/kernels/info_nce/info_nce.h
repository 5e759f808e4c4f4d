// InfoNCE (He et al. 2020, equation 1): one positive and K negatives per query.
#pragma once

#include <cstdint>

namespace moco {

struct Similarities {
  const float* positive;  // [queries]
  const float* negative;  // [queries, negatives]
  int64_t queries, negatives;
};

// Mean loss in nats; log_sums[query] = log of the sum of exp(similarity / temperature) over all 1 + K.
float info_nce(const Similarities& similarities, float temperature, float* log_sums);

// The gradient of `factor` times the mean loss.
void info_nce_gradient(const Similarities& similarities, float temperature, const float* log_sums, float factor,
                       float* dpositive, float* dnegative);

}  // namespace moco

// What is done to all tensors of an encoder at once: one pass over memory instead of a few for each of them.
#pragma once

#include <cstdint>
#include <vector>

namespace moco {

// The values of one tensor after the other.
struct Span {
  const float* values;
  int64_t size;
};

struct Sgd {
  float learning_rate, momentum, weight_decay;
};

// v <- momentum * v + (g + weight_decay * p); p <- p - learning_rate * v
void sgd(const Sgd& settings, const std::vector<Span>& parameters, const std::vector<Span>& gradients,
         const std::vector<Span>& moments, const std::vector<float*>& next_parameters,
         const std::vector<float*>& next_moments);

// key <- m * key + rest * query, with rest = 1 - m (given, because it loses its digits in single precision)
void ema(float m, float rest, const std::vector<Span>& keys, const std::vector<Span>& queries, const std::vector<float*>& next);

// Whether all values of each tensor are finite.
std::vector<bool> finite(const std::vector<Span>& tensors);

// Sum of squares over all values.
double squared_norm(const std::vector<Span>& tensors);

// Sum of squared differences over all values.
double squared_distance(const std::vector<Span>& a, const std::vector<Span>& b);

}  // namespace moco

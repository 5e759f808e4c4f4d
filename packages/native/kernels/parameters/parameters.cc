#include "parameters.h"

#include <algorithm>
#include <cstring>

#include "kernels/shared/parallel.h"

namespace moco {
namespace {

constexpr int64_t kPart = 1 << 14;

// A stretch of one tensor; which ones there are depends on the sizes alone, so sums do too.
struct Part {
  int tensor;
  int64_t first, size;
};

std::vector<Part> parts_of(const std::vector<Span>& tensors) {
  std::vector<Part> parts;
  for (int tensor = 0; tensor < static_cast<int>(tensors.size()); tensor++)
    for (int64_t first = 0; first < tensors[tensor].size; first += kPart)
      parts.push_back({tensor, first, std::min(kPart, tensors[tensor].size - first)});
  return parts;
}

template <typename Body>
void for_each_part(const std::vector<Part>& parts, const Body& body) {
  parallel_for(static_cast<int>(parts.size()), [&](int part, int) { body(parts[part], part); });
}

// In double precision: no digits are lost, and nothing overflows that single precision can hold.
template <typename Square>
double sum_of(const std::vector<Part>& parts, const Square& square) {
  constexpr int kLanes = 8;  // independent sums, so that they can be taken side by side
  std::vector<double> sums(parts.size());
  for_each_part(parts, [&](const Part& part, int index) {
    double lanes[kLanes] = {};
    int64_t i = 0;
    for (; i + kLanes <= part.size; i += kLanes)
      for (int lane = 0; lane < kLanes; lane++) lanes[lane] += square(part.tensor, part.first + i + lane);
    for (; i < part.size; i++) lanes[0] += square(part.tensor, part.first + i);
    double sum = 0;
    for (const double lane : lanes) sum += lane;
    sums[index] = sum;
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

}  // namespace

void sgd(const Sgd& settings, const std::vector<Span>& parameters, const std::vector<Span>& gradients,
         const std::vector<Span>& moments, const std::vector<float*>& next_parameters,
         const std::vector<float*>& next_moments) {
  for_each_part(parts_of(parameters), [&](const Part& part, int) {
    const float* p = parameters[part.tensor].values + part.first;
    const float* g = gradients[part.tensor].values + part.first;
    const float* v = moments[part.tensor].values + part.first;
    float* __restrict next_p = next_parameters[part.tensor] + part.first;
    float* __restrict next_v = next_moments[part.tensor] + part.first;
    for (int64_t i = 0; i < part.size; i++) {
      const float moment = settings.momentum * v[i] + (g[i] + settings.weight_decay * p[i]);
      next_v[i] = moment;
      next_p[i] = p[i] - settings.learning_rate * moment;
    }
  });
}

void ema(float m, float rest, const std::vector<Span>& keys, const std::vector<Span>& queries, const std::vector<float*>& next) {
  for_each_part(parts_of(keys), [&](const Part& part, int) {
    const float* k = keys[part.tensor].values + part.first;
    const float* q = queries[part.tensor].values + part.first;
    float* __restrict to = next[part.tensor] + part.first;
    for (int64_t i = 0; i < part.size; i++) to[i] = m * k[i] + rest * q[i];
  });
}

std::vector<bool> finite(const std::vector<Span>& tensors) {
  // Without their sign, the bits of floats rise as the numbers do; infinity comes after the largest, NaNs after it.
  constexpr int32_t kInfinity = 0x7f800000;
  const std::vector<Part> parts = parts_of(tensors);
  std::vector<int32_t> largest(parts.size());
  for_each_part(parts, [&](const Part& part, int index) {
    const float* values = tensors[part.tensor].values + part.first;
    int32_t most = 0;
    for (int64_t i = 0; i < part.size; i++) {
      int32_t bits;
      std::memcpy(&bits, values + i, sizeof(bits));
      most = std::max(most, bits & 0x7fffffff);
    }
    largest[index] = most;
  });
  std::vector<bool> are_finite(tensors.size(), true);
  for (size_t part = 0; part < parts.size(); part++)
    if (largest[part] >= kInfinity) are_finite[parts[part].tensor] = false;
  return are_finite;
}

double squared_norm(const std::vector<Span>& tensors) {
  return sum_of(parts_of(tensors), [&](int tensor, int64_t i) {
    const double value = tensors[tensor].values[i];
    return value * value;
  });
}

double squared_distance(const std::vector<Span>& a, const std::vector<Span>& b) {
  return sum_of(parts_of(a), [&](int tensor, int64_t i) {
    const double difference = static_cast<double>(a[tensor].values[i]) - b[tensor].values[i];
    return difference * difference;
  });
}

}  // namespace moco

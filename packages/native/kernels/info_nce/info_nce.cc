#include "info_nce.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/shared/exponential.h"
#include "kernels/shared/parallel.h"
#include "kernels/shared/vectors.h"

namespace moco {
namespace {

constexpr int64_t kRun = 1024;  // values summed in single precision, before double takes over

inline float sum_of(Vector vector) {
  float sum = 0;
  for (int lane = 0; lane < kWidth; lane++) sum += vector[lane];
  return sum;
}

float largest(const float* values, int64_t count, float start) {
  Vector most = broadcast(start);
  int64_t i = 0;
  for (; i + kWidth <= count; i += kWidth) {
    const Vector value = load(values + i);
    most = value > most ? value : most;
  }
  float result = start;
  for (int lane = 0; lane < kWidth; lane++) result = std::max(result, most[lane]);
  for (; i < count; i++) result = std::max(result, values[i]);
  return result;
}

// Sum of exp((value - most) / temperature).
double sum_of_exponentials(const float* values, int64_t count, float most, float inverse) {
  double total = 0;
  int64_t i = 0;
  while (i + kWidth <= count) {
    Vector run{};
    for (const int64_t end = std::min(count - kWidth + 1, i + kRun); i < end; i += kWidth)
      run += exponential((load(values + i) - most) * inverse);
    total += sum_of(run);
  }
  for (; i < count; i++) total += std::exp((values[i] - most) * inverse);
  return total;
}

}  // namespace

float info_nce(const Similarities& similarities, float temperature, float* log_sums) {
  const auto [positive, negative, queries, negatives] = similarities;
  const float inverse = 1 / temperature;
  std::vector<double> losses(queries);
  parallel_for(static_cast<int>(queries), [&, positive = positive, negative = negative, negatives = negatives](int n, int) {
    const float* row = negative + n * negatives;
    const float most = largest(row, negatives, positive[n]);
    const double sum =
        std::exp((positive[n] - most) * inverse) + sum_of_exponentials(row, negatives, most, inverse);
    const double log_sum = static_cast<double>(most) * inverse + std::log(sum);
    log_sums[n] = static_cast<float>(log_sum);
    losses[n] = log_sum - static_cast<double>(positive[n]) * inverse;
  });
  double total = 0;
  for (const double loss : losses) total += loss;
  return static_cast<float>(total / static_cast<double>(queries));
}

void info_nce_gradient(const Similarities& similarities, float temperature, const float* log_sums, float factor,
                       float* dpositive, float* dnegative) {
  const auto [positive, negative, queries, negatives] = similarities;
  const float inverse = 1 / temperature, weight = factor * inverse / static_cast<float>(queries);
  parallel_for(static_cast<int>(queries), [&, positive = positive, negative = negative, negatives = negatives](int n, int) {
    const float log_sum = log_sums[n];
    dpositive[n] = weight * std::expm1(positive[n] * inverse - log_sum);
    const float* row = negative + n * negatives;
    float* to = dnegative + n * negatives;
    int64_t i = 0;
    for (; i + kWidth <= negatives; i += kWidth)
      store(to + i, weight * exponential(load(row + i) * inverse - log_sum));
    for (; i < negatives; i++) to[i] = weight * std::exp(row[i] * inverse - log_sum);
  });
}

}  // namespace moco

#include "kernels/parameters/parameters.h"

#include <cmath>
#include <limits>

#include "check.h"

using namespace moco;

namespace {

// Nothing, less than a vector, more than a task takes.
constexpr int64_t kSizes[] = {0, 1, 7, (1 << 14) + 5, 0, 40000};

struct Tensors {
  explicit Tensors(uint64_t seed) {
    for (const int64_t size : kSizes) values.push_back(random_values(size, seed++));
  }
  std::vector<Span> spans() const {
    std::vector<Span> spans;
    for (const auto& tensor : values) spans.push_back({tensor.data(), static_cast<int64_t>(tensor.size())});
    return spans;
  }
  std::vector<float*> outputs() {
    std::vector<float*> outputs;
    for (auto& tensor : values) outputs.push_back(tensor.data());
    return outputs;
  }
  std::vector<std::vector<float>> values;
};

// What a function of the numbers at one place comes to, tensor by tensor.
template <typename Value>
void is_everywhere(const std::string& what, const Tensors& actual, const Value& value) {
  for (size_t tensor = 0; tensor < actual.values.size(); tensor++) {
    std::vector<double> expected(actual.values[tensor].size());
    for (size_t i = 0; i < expected.size(); i++) expected[i] = value(tensor, i);
    near(what + " of tensor " + std::to_string(tensor), actual.values[tensor], expected, 1e-6);
  }
}

}  // namespace

CASE("a step of gradient descent with momentum is that of a loop") {
  const Tensors p(10), g(20), v(30);
  Tensors next_p(0), next_v(0);
  const Sgd settings = {0.03f, 0.9f, 1e-2f};
  sgd(settings, p.spans(), g.spans(), v.spans(), next_p.outputs(), next_v.outputs());
  const auto moment = [&](size_t tensor, size_t i) {
    return 0.9 * v.values[tensor][i] + g.values[tensor][i] + 1e-2 * p.values[tensor][i];
  };
  is_everywhere("moment", next_v, moment);
  is_everywhere("parameter", next_p,
                [&](size_t tensor, size_t i) { return p.values[tensor][i] - 0.03 * moment(tensor, i); });
}

CASE("the moving average is that of a loop") {
  const Tensors keys(10), queries(20);
  Tensors next(0);
  ema(0.99f, 0.01f, keys.spans(), queries.spans(), next.outputs());
  is_everywhere("key", next, [&](size_t tensor, size_t i) {
    return 0.99 * keys.values[tensor][i] + 0.01 * queries.values[tensor][i];
  });
}

CASE("norms and distances are those of a loop, and of nothing they are zero") {
  const Tensors a(10), b(20);
  double norm = 0, distance = 0;
  for (size_t tensor = 0; tensor < a.values.size(); tensor++)
    for (size_t i = 0; i < a.values[tensor].size(); i++) {
      const double value = a.values[tensor][i], difference = value - b.values[tensor][i];
      norm += value * value;
      distance += difference * difference;
    }
  holds("norm", std::abs(squared_norm(a.spans()) - norm) <= 1e-12 * norm);
  holds("distance", std::abs(squared_distance(a.spans(), b.spans()) - distance) <= 1e-12 * distance);
  holds("norm of nothing", squared_norm({}) == 0);
  holds("distance from itself", squared_distance(a.spans(), a.spans()) == 0);
}

CASE("a tensor is finite where all of its values are, wherever another one lies") {
  const float infinity = std::numeric_limits<float>::infinity();
  for (const float value : {infinity, -infinity, std::numeric_limits<float>::quiet_NaN()})
    for (size_t tensor = 0; tensor < std::size(kSizes); tensor++)
      for (const double place : {0.0, 0.5, 1.0}) {
        if (kSizes[tensor] == 0) continue;
        Tensors tensors(10);
        auto& its = tensors.values[tensor];
        its[static_cast<size_t>(place * static_cast<double>(its.size() - 1))] = value;
        const std::vector<bool> are_finite = finite(tensors.spans());
        for (size_t i = 0; i < are_finite.size(); i++)
          holds("tensor " + std::to_string(i), are_finite[i] == (i != tensor));
      }
}

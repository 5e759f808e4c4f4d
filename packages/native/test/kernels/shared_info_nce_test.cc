#include "kernels/shared_info_nce/shared_info_nce.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "check.h"

using namespace moco;

namespace {

struct Sizes {
  int64_t queries, negatives, size;
};

// Queries that fill no panel, one, and several; negatives that fill no block, and more than a task takes.
constexpr Sizes kSizes[] = {{1, 1, 1}, {3, 5, 7}, {16, 128, 8}, {17, 130, 3}, {40, 2049, 5}, {5, 4500, 24}};

}  // namespace

CASE("the loss against shared negatives, its gradients and the closest ones are those of a loop") {
  for (const auto& [queries, negatives, size] : kSizes) {
    const std::string title = std::to_string(queries) + " " + std::to_string(negatives) + " " + std::to_string(size) + " ";
    const float temperature = 0.2f;
    const std::vector<float> query = random_values(queries * size, 1), positive = random_values(queries, 2);
    const std::vector<float> negative = random_values(negatives * size, 3);
    std::vector<float> dquery(query.size()), dpositive(queries), closest(queries);
    const float loss =
        shared_info_nce({query.data(), positive.data(), negative.data(), queries, negatives, size}, temperature,
                        {dquery.data(), dpositive.data(), closest.data()});

    double total = 0;
    const double weight = 1 / (temperature * static_cast<double>(queries));
    std::vector<double> of_query(query.size()), of_positive(queries), nearest(queries);
    for (int64_t n = 0; n < queries; n++) {
      std::vector<double> similarities(negatives);
      double most = std::numeric_limits<double>::lowest();
      for (int64_t k = 0; k < negatives; k++) {
        for (int64_t d = 0; d < size; d++)
          similarities[k] += static_cast<double>(query[n * size + d]) * negative[k * size + d];
        most = std::max(most, similarities[k]);
      }
      nearest[n] = most;
      const double own = std::exp(positive[n] / temperature);
      double sum = own;
      for (const double similarity : similarities) sum += std::exp(similarity / temperature);
      total += std::log(sum) - positive[n] / temperature;
      of_positive[n] = weight * (own / sum - 1);
      for (int64_t k = 0; k < negatives; k++)
        for (int64_t d = 0; d < size; d++)
          of_query[n * size + d] += weight * std::exp(similarities[k] / temperature) / sum * negative[k * size + d];
    }
    near(title + "loss", {loss}, {total / static_cast<double>(queries)});
    near(title + "of queries", dquery, of_query);
    near(title + "of positives", dpositive, of_positive);
    near(title + "closest", closest, nearest);
  }
}

#include "kernels/info_nce/info_nce.h"

#include <cmath>

#include "check.h"

using namespace moco;

CASE("the loss of similarities and its gradient are those of a loop, for any number of negatives") {
  for (const int64_t queries : {1, 3, 10})
    for (const int64_t negatives : {0, 1, 7, 8, 33, 3001}) {
      const std::string title = std::to_string(queries) + " x " + std::to_string(negatives) + " ";
      const float temperature = 0.07f, factor = 1.5f;
      const std::vector<float> positive = random_values(queries, 1), negative = random_values(queries * negatives, 2);
      const Similarities given = {positive.data(), negative.data(), queries, negatives};
      std::vector<float> log_sums(queries), dpositive(queries), dnegative(negative.size());
      const float loss = info_nce(given, temperature, log_sums.data());
      info_nce_gradient(given, temperature, log_sums.data(), factor, dpositive.data(), dnegative.data());

      double total = 0;
      std::vector<double> sums(queries), of_positive(queries), of_negative(negative.size());
      for (int64_t n = 0; n < queries; n++) {
        const double own = std::exp(positive[n] / temperature);
        double sum = own;
        for (int64_t k = 0; k < negatives; k++) sum += std::exp(negative[n * negatives + k] / temperature);
        sums[n] = std::log(sum);
        total += sums[n] - positive[n] / temperature;
        const double weight = factor / (temperature * static_cast<double>(queries));
        of_positive[n] = weight * (own / sum - 1);
        for (int64_t k = 0; k < negatives; k++)
          of_negative[n * negatives + k] = weight * std::exp(negative[n * negatives + k] / temperature) / sum;
      }
      near(title + "loss", {loss}, {total / static_cast<double>(queries)});
      near(title + "log sums", log_sums, sums);
      near(title + "of positives", dpositive, of_positive);
      near(title + "of negatives", dnegative, of_negative);
    }
}

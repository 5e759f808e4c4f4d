#include <atomic>
#include <cmath>
#include <limits>
#include <new>

#include "check.h"
#include "kernels/shared/exponential.h"
#include "kernels/shared/parallel.h"
#include "kernels/shared/products.h"

using namespace moco;

CASE("a loop runs every task once, by threads that there are") {
  for (const int tasks : {0, 1, 2, 3, 7, 100, 1000}) {
    std::vector<int> runs(tasks, 0);
    std::atomic<bool> known{true};
    parallel_for(tasks, [&](int task, int thread) {
      runs[task]++;
      if (thread < 0 || thread >= num_threads()) known = false;
    });
    bool once = true;
    for (const int count : runs) once = once && count == 1;
    holds(std::to_string(tasks) + " tasks", once && known);
  }
}

CASE("a loop of which a task finds no memory fails, and the next one does not") {
  bool failed = false;
  try {
    parallel_for(20, [](int task, int) {
      if (task == 13) throw std::bad_alloc();
    });
  } catch (const std::bad_alloc&) {
    failed = true;
  }
  holds("it fails", failed);
  std::atomic<int> runs{0};
  parallel_for(20, [&](int, int) { runs++; });
  holds("the next one runs", runs == 20);
}

CASE("the exponential is that of the library, and keeps what is not a number") {
  for (int i = 0; i < 2000; i++) {
    const float x = -87.0f * static_cast<float>(i) / 2000;
    const double expected = std::exp(static_cast<double>(x));
    holds("of " + std::to_string(x), std::abs(exponential(broadcast(x))[kWidth - 1] - expected) <= 2e-7 * expected);
  }
  holds("of a large negative number", exponential(broadcast(-1e30f))[0] < 1e-37f);
  holds("of what is no number", std::isnan(exponential(broadcast(std::numeric_limits<float>::quiet_NaN()))[0]));
}

CASE("products of matrices are those of a loop, for any number of rows and any depth") {
  for (const int rows : {0, 1, 2, 5, 6, 7, 12, 13})
    for (const int depth : {0, 1, 3, 17}) {
      const std::vector<float> a = random_values(rows * depth, 1), b = random_values(depth * kColumns, 2);
      std::vector<float> c(rows * kColumns), added = random_values(rows * kColumns, 3);
      std::vector<double> expected(c.size()), sum(added.begin(), added.end());
      for (int r = 0; r < rows; r++)
        for (int k = 0; k < depth; k++)
          for (int column = 0; column < kColumns; column++)
            expected[r * kColumns + column] += static_cast<double>(a[r * depth + k]) * b[k * kColumns + column];
      for (size_t i = 0; i < sum.size(); i++) sum[i] += expected[i];
      multiply_rows<false>(rows, a.data(), depth, 1, b.data(), kColumns, depth, c.data(), kColumns);
      multiply_rows<true>(rows, a.data(), depth, 1, b.data(), kColumns, depth, added.data(), kColumns);
      const std::string title = std::to_string(rows) + " x " + std::to_string(depth);
      near(title, c, expected);
      near(title + ", added", added, sum);
    }
}

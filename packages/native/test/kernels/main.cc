#include <algorithm>
#include <cmath>
#include <cstdio>

#include "check.h"

namespace moco {
namespace {

int failures = 0;
const char* running = "";

}  // namespace

std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}

void holds(const std::string& what, bool is_so) {
  if (is_so) return;
  failures++;
  std::printf("FAILED %s: %s\n", running, what.c_str());
}

void near(const std::string& what, const std::vector<float>& actual, const std::vector<double>& expected,
          double tolerance) {
  holds(what + ": as many values", actual.size() == expected.size());
  if (actual.size() != expected.size()) return;
  double largest = 0;
  for (const double value : expected) largest = std::max(largest, std::abs(value));
  for (size_t i = 0; i < actual.size(); i++) {
    // So that what is not a number is not near either.
    if (std::abs(actual[i] - expected[i]) <= tolerance * (1 + largest)) continue;
    return holds(what + "[" + std::to_string(i) + "] is " + std::to_string(actual[i]) + " and should be " +
                     std::to_string(expected[i]),
                 false);
  }
}

std::vector<float> random_values(int64_t size, uint64_t seed) {
  std::vector<float> values(size);
  uint64_t state = seed * 2 + 1;
  for (float& value : values) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    value = static_cast<float>(state >> 40) / (1 << 23) - 1;
  }
  return values;
}

}  // namespace moco

int main() {
  for (const auto& [name, run] : moco::cases()) {
    moco::running = name;
    run();
  }
  std::printf("%zu cases, %d failures\n", moco::cases().size(), moco::failures);
  return moco::failures == 0 ? 0 : 1;
}

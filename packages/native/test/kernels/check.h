// Tests of the kernels without TensorFlow: cases with a name, and comparisons that say where they fail.
//
//     CASE("the norm of nothing is zero") { holds("norm", squared_norm({}) == 0); }
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace moco {

struct Case {
  const char* name;
  void (*run)();
};

std::vector<Case>& cases();

struct Noted {
  Noted(const char* name, void (*run)()) { cases().push_back({name, run}); }
};

#define MOCO_JOIN(a, b) a##b
#define MOCO_NAMED(a, b) MOCO_JOIN(a, b)
#define CASE(name)                                                                    \
  static void MOCO_NAMED(case_, __LINE__)();                                          \
  static const Noted MOCO_NAMED(noted_, __LINE__)(name, MOCO_NAMED(case_, __LINE__)); \
  static void MOCO_NAMED(case_, __LINE__)()

// Fails the case that runs, and goes on.
void holds(const std::string& what, bool is_so);

// As many values, and each as near as single precision comes to it: relative to the largest of them.
void near(const std::string& what, const std::vector<float>& actual, const std::vector<double>& expected,
          double tolerance = 2e-5);

// Numbers between -1 and 1 that depend on the seed alone, in memory of just their size.
std::vector<float> random_values(int64_t size, uint64_t seed);

}  // namespace moco

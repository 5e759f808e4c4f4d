// e^x of vectors.
#pragma once

#include <cstring>
#include <initializer_list>

#include "kernels/shared/vectors.h"

namespace moco {

typedef int Integers __attribute__((vector_size(kWidth * sizeof(int))));

// e^x for x <= 0, to about one unit in the last place; below -87 it is e^-87, which is as good as nothing. What is not a
// number stays so: a loss must not hide it.
inline Vector exponential(Vector x) {
  x = x < -87.0f ? broadcast(-87.0f) : x;
  const Vector rounding = broadcast(12582912.0f);  // 1.5 * 2^23: adding it leaves no room for a fraction
  const Vector power = (x * 1.44269504f + rounding) - rounding;
  const Vector rest = (x - power * 0.693359375f) + power * 2.12194440e-4f;
  Vector sum = broadcast(1.9875691500e-4f);
  for (const float term : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f})
    sum = sum * rest + term;
  sum = sum * (rest * rest) + rest + 1.0f;
  const Integers exponent = (__builtin_convertvector(power, Integers) + 127) << 23;
  Vector scale;
  std::memcpy(&scale, &exponent, sizeof(scale));
  return sum * scale;
}

}  // namespace moco

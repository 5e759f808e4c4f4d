// Products of small matrices, in blocks that stay in registers.
#pragma once

#include <cstdint>

#include "kernels/shared/vectors.h"

namespace moco {

constexpr int kRows = 6;              // rows of a block
constexpr int kColumns = 2 * kWidth;  // its columns

// c[rows][kColumns] (+)= a[rows][depth] b[depth][kColumns]; a's element (row, k) lies at row * a_row + k * a_depth.
template <int rows, bool adds>
inline void multiply_block(const float* a, int64_t a_row, int64_t a_depth, const float* b, int64_t b_depth, int depth,
                           float* c, int64_t c_row) {
  Vector sum[rows][2];
  for (int r = 0; r < rows; r++)
    for (int v = 0; v < 2; v++) sum[r][v] = adds ? load(c + r * c_row + v * kWidth) : Vector{};
  for (int k = 0; k < depth; k++) {
    const Vector b0 = load(b + k * b_depth), b1 = load(b + k * b_depth + kWidth);
    for (int r = 0; r < rows; r++) {
      const Vector factor = broadcast(a[r * a_row + k * a_depth]);
      sum[r][0] += factor * b0;
      sum[r][1] += factor * b1;
    }
  }
  for (int r = 0; r < rows; r++)
    for (int v = 0; v < 2; v++) store(c + r * c_row + v * kWidth, sum[r][v]);
}

template <bool adds>
inline void multiply_rows(int rows, const float* a, int64_t a_row, int64_t a_depth, const float* b, int64_t b_depth,
                          int depth, float* c, int64_t c_row) {
  int row = 0;
  for (; row + kRows <= rows; row += kRows)
    multiply_block<kRows, adds>(a + row * a_row, a_row, a_depth, b, b_depth, depth, c + row * c_row, c_row);
  a += row * a_row;
  c += row * c_row;
  switch (rows - row) {
    case 1: return multiply_block<1, adds>(a, a_row, a_depth, b, b_depth, depth, c, c_row);
    case 2: return multiply_block<2, adds>(a, a_row, a_depth, b, b_depth, depth, c, c_row);
    case 3: return multiply_block<3, adds>(a, a_row, a_depth, b, b_depth, depth, c, c_row);
    case 4: return multiply_block<4, adds>(a, a_row, a_depth, b, b_depth, depth, c, c_row);
    case 5: return multiply_block<5, adds>(a, a_row, a_depth, b, b_depth, depth, c, c_row);
    default: return;
  }
}

}  // namespace moco

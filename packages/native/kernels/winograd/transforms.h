// The transforms of Winograd's F(4x4, 3x3) (Lavin & Gray 2016, section 4.2), on vectors of channels.
#pragma once

#include "kernels/shared/vectors.h"

namespace moco {

constexpr int kTile = 4;                  // outputs of a tile, per side
constexpr int kPatch = kTile + 2;         // inputs of a tile, per side
constexpr int kPoints = kPatch * kPatch;  // products of a tile

// B^T d: a patch of the image, one dimension.
inline void patch_transform(const Vector d[kPatch], Vector out[kPatch]) {
  const Vector a = d[4] - 4.0f * d[2], b = d[3] - 4.0f * d[1];
  const Vector c = d[4] - d[2], e = d[3] - d[1];
  out[0] = c + 4.0f * (d[0] - d[2]);
  out[1] = a + b;
  out[2] = a - b;
  out[3] = c + 2.0f * e;
  out[4] = c - 2.0f * e;
  out[5] = (d[5] - d[3]) - 4.0f * e;
}

// G g: a filter.
inline void filter_transform(const Vector g[3], Vector out[kPatch]) {
  const Vector even = g[0] + g[2], wide = g[0] + 4.0f * g[2];
  out[0] = 0.25f * g[0];
  out[1] = (-1.0f / 6) * (even + g[1]);
  out[2] = (-1.0f / 6) * (even - g[1]);
  out[3] = (1.0f / 24) * (wide + 2.0f * g[1]);
  out[4] = (1.0f / 24) * (wide - 2.0f * g[1]);
  out[5] = g[2];
}

// A^T m: from products to outputs.
inline void output_transform(const Vector m[kPatch], Vector out[kTile]) {
  const Vector a = m[1] + m[2], b = m[1] - m[2], c = m[3] + m[4], d = m[3] - m[4];
  out[0] = m[0] + a + c;
  out[1] = b + 2.0f * d;
  out[2] = a + 4.0f * c;
  out[3] = b + 8.0f * d + m[5];
}

// A y: the transpose, for the gradient of outputs.
inline void output_gradient_transform(const Vector y[kTile], Vector out[kPatch]) {
  const Vector even = y[0] + y[2], odd = y[1] + y[3];
  const Vector wide = y[0] + 4.0f * y[2], far = 2.0f * y[1] + 8.0f * y[3];
  out[0] = y[0];
  out[1] = even + odd;
  out[2] = even - odd;
  out[3] = wide + far;
  out[4] = wide - far;
  out[5] = y[3];
}

// G^T u: the transpose, for the gradient of a filter.
inline void filter_gradient_transform(const Vector u[kPatch], Vector out[3]) {
  const Vector a = (-1.0f / 6) * (u[1] + u[2]), b = (-1.0f / 6) * (u[1] - u[2]);
  const Vector c = (1.0f / 24) * (u[3] + u[4]), d = (1.0f / 24) * (u[3] - u[4]);
  out[0] = 0.25f * u[0] + a + c;
  out[1] = b + 2.0f * d;
  out[2] = a + 4.0f * c + u[5];
}

// A transform along columns, then along rows: `from` x `from` vectors to `to` x `to`.
template <int from, int to, void (*transform)(const Vector*, Vector*)>
inline void both_ways(const Vector in[from][from], Vector out[to][to]) {
  Vector between[to][from];
  for (int x = 0; x < from; x++) {
    Vector column[from], result[to];
    for (int y = 0; y < from; y++) column[y] = in[y][x];
    transform(column, result);
    for (int y = 0; y < to; y++) between[y][x] = result[y];
  }
  for (int y = 0; y < to; y++) transform(between[y], out[y]);
}

}  // namespace moco

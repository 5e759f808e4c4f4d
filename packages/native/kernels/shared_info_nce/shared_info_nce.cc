#include "shared_info_nce.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/shared/exponential.h"
#include "kernels/shared/parallel.h"
#include "kernels/shared/products.h"
#include "kernels/shared/scratch.h"

namespace moco {
namespace {

constexpr int kBlock = 128;  // negatives whose similarities are in the cache at a time
constexpr int kPanels = 8;   // panels of queries that a task takes at most, so that theirs and a block's are in it too

// Negatives of a task. What a chunk leaves behind is kept until all are merged: a gradient for every query, which at 16
// negatives for every number of it is a sixteenth of the similarities. A matter of sizes alone, so the bits are too.
int64_t chunk_of(int64_t size) { return std::max<int64_t>(2048, (16 * size + kBlock - 1) / kBlock * kBlock); }

// Queries stand in columns, so that every negative is read where it lies and a vector holds one number of many queries.
// A panel of kColumns queries is a matrix [size][kColumns].
struct Shape {
  explicit Shape(const SharedInfoNce& given)
      : chunk(chunk_of(given.size)),
        chunks(static_cast<int>((given.negatives + chunk - 1) / chunk)),
        panels(static_cast<int>((given.queries + kColumns - 1) / kColumns)),
        group(std::max<int>(1, std::min<int64_t>(kPanels, static_cast<int64_t>(panels) * chunks / (2 * num_threads())))),
        groups((panels + group - 1) / group),
        panel_floats(given.size * kColumns),
        part_floats(panel_floats + 2 * kColumns) {}

  const int64_t chunk;  // negatives of a task
  const int chunks;
  const int panels;  // of all queries
  const int group;   // panels of a task
  const int groups;
  const int64_t panel_floats, part_floats;
};

// What a chunk of negatives adds to a panel of queries.
struct Part {
  float* gradient;  // [size][kColumns], sum of exponential * negative
  float* most;      // [kColumns], largest similarity
  float* sum;       // [kColumns], sum of the exponentials, which are exp((similarity - most) / temperature)
};

Part part_of(float* parts, const Shape& shape, int chunk, int panel) {
  float* first = parts + (static_cast<int64_t>(chunk) * shape.panels + panel) * shape.part_floats;
  return {first, first + shape.panel_floats, first + shape.panel_floats + kColumns};
}

enum Slot { kQueries, kParts, kPerThread };

float* scratch(int slot, int64_t size) {
  static Scratch& kept = *new Scratch(kPerThread + num_threads());
  return kept.get(slot, size);
}

// panels[panel][size][kColumns], filled up with zeros
void pack_queries(const SharedInfoNce& given, const Shape& shape, float* panels) {
  for (int64_t n = 0; n < shape.panels * static_cast<int64_t>(kColumns); n++) {
    float* to = panels + n / kColumns * shape.panel_floats + n % kColumns;
    for (int64_t d = 0; d < given.size; d++) to[d * kColumns] = n < given.queries ? given.query[n * given.size + d] : 0;
  }
}

// Replaces a block's similarities[count][kColumns] by their exponentials, relative to the largest so far.
void exponentiate(float* similarities, int count, int64_t size, float inverse, const Part& part) {
  for (int v = 0; v < kColumns; v += kWidth) {
    const Vector before = load(part.most + v);
    Vector most = before;
    for (int k = 0; k < count; k++) {
      const Vector value = load(similarities + k * kColumns + v);
      most = value > most ? value : most;
    }
    const Vector factor = exponential((before - most) * inverse);
    bool grown = false;
    for (int lane = 0; lane < kWidth; lane++) grown |= most[lane] > before[lane];
    if (grown)
      for (int64_t d = 0; d < size; d++)
        store(part.gradient + d * kColumns + v, load(part.gradient + d * kColumns + v) * factor);
    Vector sum{};
    for (int k = 0; k < count; k++) {
      float* at = similarities + k * kColumns + v;
      const Vector weight = exponential((load(at) - most) * inverse);
      store(at, weight);
      sum += weight;
    }
    store(part.sum + v, load(part.sum + v) * factor + sum);
    store(part.most + v, most);
  }
}

void compare_chunk(const SharedInfoNce& given, const Shape& shape, float inverse, int chunk, int group,
                   const float* panels, float* parts, float* similarities) {
  const int size = static_cast<int>(given.size);
  const int first_panel = group * shape.group, last_panel = std::min(shape.panels, first_panel + shape.group);
  for (int panel = first_panel; panel < last_panel; panel++) {
    const Part part = part_of(parts, shape, chunk, panel);
    std::fill(part.gradient, part.gradient + shape.panel_floats, 0.0f);
    std::fill(part.most, part.most + kColumns, std::numeric_limits<float>::lowest());
    std::fill(part.sum, part.sum + kColumns, 0.0f);
  }
  const int64_t last = std::min(given.negatives, (chunk + 1) * shape.chunk);
  for (int64_t first = chunk * shape.chunk; first < last; first += kBlock) {
    const int count = static_cast<int>(std::min<int64_t>(kBlock, last - first));
    const float* negatives = given.negative + first * size;
    for (int panel = first_panel; panel < last_panel; panel++) {
      const Part part = part_of(parts, shape, chunk, panel);
      multiply_rows<false>(count, negatives, size, 1, panels + panel * shape.panel_floats, kColumns, size, similarities,
                           kColumns);
      exponentiate(similarities, count, size, inverse, part);
      multiply_rows<true>(size, negatives, 1, size, similarities, kColumns, count, part.gradient, kColumns);
    }
  }
}

// Adds the chunks of one query; returns its loss.
double merge(const SharedInfoNce& given, const Shape& shape, float temperature, int64_t n, float* parts,
             const SharedInfoNceResult& result) {
  const int panel = static_cast<int>(n / kColumns), column = static_cast<int>(n % kColumns);
  const double inverse = 1 / static_cast<double>(temperature), positive = given.positive[n];
  float closest = std::numeric_limits<float>::lowest();
  for (int chunk = 0; chunk < shape.chunks; chunk++)
    closest = std::max(closest, part_of(parts, shape, chunk, panel).most[column]);
  const double most = std::max<double>(closest, positive);
  double sum = std::exp((positive - most) * inverse);
  std::vector<double> gradient(given.size);
  for (int chunk = 0; chunk < shape.chunks; chunk++) {
    const Part part = part_of(parts, shape, chunk, panel);
    const double factor = std::exp((part.most[column] - most) * inverse);
    sum += factor * part.sum[column];
    for (int64_t d = 0; d < given.size; d++) gradient[d] += factor * part.gradient[d * kColumns + column];
  }
  const double loss = (most - positive) * inverse + std::log(sum);
  const double weight = inverse / static_cast<double>(given.queries);
  for (int64_t d = 0; d < given.size; d++)
    result.dquery[n * given.size + d] = static_cast<float>(weight / sum * gradient[d]);
  result.dpositive[n] = static_cast<float>(weight * std::expm1(-loss));
  result.closest[n] = closest;
  return loss;
}

}  // namespace

float shared_info_nce(const SharedInfoNce& given, float temperature, const SharedInfoNceResult& result) {
  const Shape shape(given);
  float* panels = scratch(kQueries, shape.panels * shape.panel_floats);
  float* parts = scratch(kParts, static_cast<int64_t>(shape.chunks) * shape.panels * shape.part_floats);
  for (int thread = 0; thread < num_threads(); thread++) scratch(kPerThread + thread, kBlock * kColumns);
  pack_queries(given, shape, panels);
  // All queries of a chunk before the next, so that it may still be in a cache.
  parallel_for(shape.chunks * shape.groups, [&](int task, int thread) {
    compare_chunk(given, shape, 1 / temperature, task / shape.groups, task % shape.groups, panels, parts,
                  scratch(kPerThread + thread, 0));
  });
  std::vector<double> losses(given.queries);
  parallel_for(shape.panels, [&](int panel, int) {
    const int64_t last = std::min<int64_t>(given.queries, (panel + 1) * static_cast<int64_t>(kColumns));
    for (int64_t n = panel * static_cast<int64_t>(kColumns); n < last; n++)
      losses[n] = merge(given, shape, temperature, n, parts, result);
  });
  double total = 0;
  for (const double loss : losses) total += loss;
  return static_cast<float>(total / static_cast<double>(given.queries));
}

}  // namespace moco

#include "kernels/batch_norm/batch_norm.h"

#include <algorithm>
#include <cmath>

#include "check.h"
#include "kernels/shared/vectors.h"

using namespace moco;

namespace {

// What goes in, and what a loop makes of it in double precision.
struct Example {
  Example(const BatchNorm& shape, bool adds)
      : shape(shape), adds(adds), size(shape.rows * shape.channels), x(random_values(size, 1)), dy(random_values(size, 2)),
        residual(random_values(adds ? size : 0, 3)), scale(random_values(shape.channels, 4)),
        offset(random_values(shape.channels, 5)), y(size), mean(shape.groups * shape.channels), rstd(mean.size()) {
    const int64_t group_rows = shape.rows / shape.groups;
    for (int group = 0; group < shape.groups; group++)
      for (int c = 0; c < shape.channels; c++) {
        double sum = 0, square = 0;
        const auto at = [&](int64_t row) { return (group * group_rows + row) * shape.channels + c; };
        const double count = static_cast<double>(group_rows);
        for (int64_t row = 0; row < group_rows; row++) sum += x[at(row)];
        for (int64_t row = 0; row < group_rows; row++) square += std::pow(x[at(row)] - sum / count, 2);
        const int64_t i = static_cast<int64_t>(group) * shape.channels + c;
        mean[i] = sum / count;
        rstd[i] = 1 / std::sqrt(square / count + shape.epsilon);
        variance_sum.resize(shape.channels);
        variance_sum[c] += square / std::max(1.0, count - 1);
        for (int64_t row = 0; row < group_rows; row++) {
          const double value = scale[c] * (x[at(row)] - mean[i]) * rstd[i] + offset[c] + (adds ? residual[at(row)] : 0);
          y[at(row)] = shape.relu ? std::max(0.0, value) : value;
          // Whether ReLU lets through what is so near to zero, rounding decides.
          if (std::abs(value) < 1e-5) dy[at(row)] = 0;
        }
      }
  }

  int64_t statistics_of(int64_t i) const {
    return i / shape.channels / (shape.rows / shape.groups) * shape.channels + i % shape.channels;
  }

  BatchNorm shape;
  bool adds;
  int64_t size;
  std::vector<float> x, dy, residual, scale, offset;
  std::vector<double> y, mean, rstd, variance_sum;
};

void check_forward(const std::string& title, const Example& example) {
  const auto& [shape, adds, size, x, dy, residual, scale, offset, y, mean, rstd, variance_sum] = example;
  const std::vector<float> before_mean = random_values(shape.channels, 6), before_variance = random_values(shape.channels, 7);
  std::vector<float> actual(size), its_mean(mean.size()), its_rstd(mean.size());
  std::vector<float> next_mean(shape.channels), next_variance(shape.channels);
  batch_norm_forward(shape, x.data(), scale.data(), offset.data(), adds ? residual.data() : nullptr,
                     {before_mean.data(), before_variance.data(), next_mean.data(), next_variance.data()}, actual.data(),
                     its_mean.data(), its_rstd.data());
  std::vector<double> expected_mean(shape.channels), expected_variance(shape.channels);
  for (int c = 0; c < shape.channels; c++) {
    double mean_sum = 0;
    for (int group = 0; group < shape.groups; group++) mean_sum += mean[group * shape.channels + c];
    expected_mean[c] = (1 - shape.momentum) * before_mean[c] + shape.momentum * mean_sum / shape.groups;
    expected_variance[c] = (1 - shape.momentum) * before_variance[c] + shape.momentum * variance_sum[c] / shape.groups;
  }
  near(title + "y", actual, y);
  near(title + "mean", its_mean, mean);
  near(title + "1 / std", its_rstd, rstd);
  near(title + "running mean", next_mean, expected_mean);
  near(title + "running variance", next_variance, expected_variance);
}

void check_gradient(const std::string& title, const Example& example) {
  const auto& [shape, adds, size, x, dy, residual, scale, offset, y, mean, rstd, variance_sum] = example;
  const std::vector<float> given_y(y.begin(), y.end()), given_mean(mean.begin(), mean.end()), given_rstd(rstd.begin(), rstd.end());
  std::vector<float> dx(size), dscale(shape.channels), doffset(shape.channels), dresidual(adds ? size : 0);
  batch_norm_gradient(shape, dy.data(), x.data(), adds ? given_y.data() : nullptr, scale.data(), offset.data(),
                      given_mean.data(), given_rstd.data(), dx.data(), dscale.data(), doffset.data(),
                      adds ? dresidual.data() : nullptr);
  std::vector<double> passed(size), sums(mean.size()), products(mean.size()), expected(size);
  std::vector<double> of_scale(shape.channels), of_offset(shape.channels);
  for (int64_t i = 0; i < size; i++) {
    const int64_t at = example.statistics_of(i);
    passed[i] = !shape.relu || y[i] > 0 ? dy[i] : 0;
    const double normalised = (x[i] - mean[at]) * rstd[at];
    sums[at] += passed[i];
    products[at] += passed[i] * normalised;
    of_offset[i % shape.channels] += passed[i];
    of_scale[i % shape.channels] += passed[i] * normalised;
  }
  const double count = static_cast<double>(shape.rows / shape.groups);
  for (int64_t i = 0; i < size; i++) {
    const int64_t at = example.statistics_of(i);
    const double normalised = (x[i] - mean[at]) * rstd[at];
    expected[i] = scale[i % shape.channels] * rstd[at] * (passed[i] - sums[at] / count - normalised * products[at] / count);
  }
  near(title + "dx", dx, expected);
  near(title + "dscale", dscale, of_scale);
  near(title + "doffset", doffset, of_offset);
  if (adds) near(title + "dresidual", dresidual, passed);
}

struct Rows {
  int64_t rows;
  int channels, groups;
};

// One row, less and more than a task takes, and so many that they are written past the caches.
constexpr Rows kRowsOf[] = {{1, kWidth, 1}, {2, kWidth, 2}, {35, 3 * kWidth, 5}, {4097, 2 * kWidth, 1}, {70001, 2 * kWidth, 1}};

}  // namespace

CASE("batch normalisation and its gradient are those of a loop, with and without what follows") {
  for (const auto& [rows, channels, groups] : kRowsOf)
    for (const bool relu : {false, true})
      for (const bool adds : {false, true}) {
        const Example example({rows, channels, groups, 1e-3f, 0.1f, relu}, adds);
        const std::string title = std::to_string(rows) + " x " + std::to_string(channels) + " in " +
                                  std::to_string(groups) + (relu ? ", ReLU" : "") + (adds ? ", added: " : ": ");
        check_forward(title, example);
        check_gradient(title, example);
      }
}

CASE("batch normalisation takes channels that fill its vectors, and groups that divide the rows") {
  holds("as many", batch_norm_fits({6, 2 * kWidth, 3, 1e-5f, 0.1f, false}));
  holds("channels", !batch_norm_fits({6, kWidth + 1, 3, 1e-5f, 0.1f, false}));
  holds("groups", !batch_norm_fits({6, kWidth, 4, 1e-5f, 0.1f, false}));
  holds("no rows", !batch_norm_fits({0, kWidth, 1, 1e-5f, 0.1f, false}));
}

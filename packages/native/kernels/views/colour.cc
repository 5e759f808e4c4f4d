#include "kernels/shared/exactly.h"

#include "kernels/views/colour.h"

#include <algorithm>
#include <cmath>

namespace moco {
namespace {

constexpr double kRed = 0.299, kGreen = 0.587, kBlue = 0.114;
constexpr int kBlock = 64;  // pixels

inline double clip(double value) { return value < 0 ? 0 : value > 1 ? 1 : value; }

inline double gray_of(double red, double green, double blue) { return kRed * red + kGreen * green + kBlue * blue; }

// Some pixels of 3 channels, each channel by itself.
struct Block {
  double red[kBlock], green[kBlock], blue[kBlock];
};

// Applies change(block) to all pixels, some at a time. What a block has beyond the last pixel is of no use.
template <typename Change>
inline void by_blocks(float* values, int64_t size, const Change& change) {
  Block block = {};
  for (int64_t start = 0; start < size; start += 3 * kBlock) {
    float* const from = values + start;
    const int pixels = static_cast<int>(std::min<int64_t>(kBlock, (size - start) / 3));
    for (int i = 0; i < pixels; i++) {
      block.red[i] = from[3 * i];
      block.green[i] = from[3 * i + 1];
      block.blue[i] = from[3 * i + 2];
    }
    change(block);
    for (int i = 0; i < pixels; i++) {
      from[3 * i] = static_cast<float>(block.red[i]);
      from[3 * i + 1] = static_cast<float>(block.green[i]);
      from[3 * i + 2] = static_cast<float>(block.blue[i]);
    }
  }
}

// How much of the chroma a channel lacks that stands `sixths` from where it begins to: 0 to 1, of period 6.
inline double missing(double sixths) {
  const double around = sixths - 6 * std::floor(sixths / 6);
  const double down = 4 - around;
  const double least = around < down ? around : down;
  const double most = least < 1 ? least : 1;
  return most > 0 ? most : 0;
}

}  // namespace

void brighten(float* values, int64_t size, double factor) {
  if (factor == 1) return;
  for (int64_t at = 0; at < size; at++) values[at] = static_cast<float>(clip(factor * values[at]));
}

void change_contrast(float* values, int64_t size, int channels, double factor) {
  if (factor == 1) return;
  double sums[3] = {};
  float means[3] = {};
  // One sum after the other, as they stand: another order would be another sum.
  for (int64_t at = 0; at < size; at += channels)
    for (int channel = 0; channel < channels; channel++) sums[channel] += values[at + channel];
  for (int channel = 0; channel < channels; channel++)
    means[channel] = static_cast<float>(sums[channel] * channels / static_cast<double>(size));
  // Gray is linear in the channels, so the mean comes first: no gray image is made.
  const double gray = channels == 3 ? gray_of(means[0], means[1], means[2]) : means[0];
  const double offset = (1 - factor) * gray;
  for (int64_t at = 0; at < size; at++) values[at] = static_cast<float>(clip(factor * values[at] + offset));
}

void saturate(float* values, int64_t size, double factor) {
  if (factor == 1) return;
  by_blocks(values, size, [factor](Block& block) {
    for (int i = 0; i < kBlock; i++) {
      const double offset = (1 - factor) * gray_of(block.red[i], block.green[i], block.blue[i]);
      block.red[i] = clip(factor * block.red[i] + offset);
      block.green[i] = clip(factor * block.green[i] + offset);
      block.blue[i] = clip(factor * block.blue[i] + offset);
    }
  });
}

void turn_hue(float* values, int64_t size, double turns) {
  if (turns == 0) return;
  by_blocks(values, size, [turns](Block& block) {
    for (int i = 0; i < kBlock; i++) {
      const double red = block.red[i], green = block.green[i], blue = block.blue[i];
      const double red_or_green = red > green ? red : green, least_of_two = red < green ? red : green;
      const double most = red_or_green > blue ? red_or_green : blue;
      const double chroma = most - (least_of_two < blue ? least_of_two : blue);
      // The hue in sixths of the circle, red being 0: -1 to 5. What has no chroma has 0 in the numerator.
      const double numerator = most == red ? green - blue : most == green ? blue - red : red - green;
      const double base = most == red ? 0 : most == green ? 2 : 4;
      const double turned = base + numerator / (chroma == 0 ? 1 : chroma) + 6 * turns;
      block.red[i] = most - chroma * missing(turned + 5);
      block.green[i] = most - chroma * missing(turned + 3);
      block.blue[i] = most - chroma * missing(turned + 1);
    }
  });
}

void make_gray(float* values, int64_t size) {
  by_blocks(values, size, [](Block& block) {
    for (int i = 0; i < kBlock; i++) {
      const double gray = gray_of(block.red[i], block.green[i], block.blue[i]);
      block.red[i] = block.green[i] = block.blue[i] = gray;
    }
  });
}

void solarize(float* values, int64_t size, double threshold) {
  // 1 - value is exact enough in double that rounding it is what single precision gives.
  for (int64_t at = 0; at < size; at++) values[at] = values[at] >= threshold ? 1 - values[at] : values[at];
}

void standardise(const float* values, int64_t size, int channels, const float* mean, const float* std, float* to) {
  // As many values as whole pixels and whole vectors are made of, whether there are 1 or 3 channels.
  constexpr int kPeriod = 24;
  float means[kPeriod], stds[kPeriod];
  for (int i = 0; i < kPeriod; i++) {
    means[i] = mean[i % channels];
    stds[i] = std[i % channels];
  }
  int64_t at = 0;
  // Rounded after each step, which in single precision is what rounding JavaScript's results gives.
  for (; at + kPeriod <= size; at += kPeriod)
    for (int i = 0; i < kPeriod; i++) to[at + i] = (values[at + i] - means[i]) / stds[i];
  for (int i = 0; at + i < size; i++) to[at + i] = (values[at + i] - means[i]) / stds[i];
}

}  // namespace moco

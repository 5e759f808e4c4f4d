// Operations on the colours of one image in place (data/src/Augmentation/colour.ts).
#pragma once

#include <cstdint>

namespace moco {

// Values of 0..1, channels innermost; each where it changes something.
void brighten(float* values, int64_t size, double factor);
void change_contrast(float* values, int64_t size, int channels, double factor);

// Of images of 3 channels.
void saturate(float* values, int64_t size, double factor);
void turn_hue(float* values, int64_t size, double turns);
void make_gray(float* values, int64_t size);

void solarize(float* values, int64_t size, double threshold);

// (value - mean) / std, channel by channel.
void standardise(const float* values, int64_t size, int channels, const float* mean, const float* std, float* to);

}  // namespace moco

// Views of images: what packages/data/src/Augmentation does on the host, with the same roundings in the same order, so
// the bits are the same. Whoever makes a view, on however many threads, a run goes on with it.
#pragma once

#include <cstdint>
#include <vector>

namespace moco {

// Of an image: rows one after the other, channels innermost, 0..255.
struct Pixels {
  const uint8_t* values;
  int height, width;
};

enum class Step { kBrightness, kContrast, kSaturation, kHue, kNone };
enum class Gray { kNone, kBeforeJitter, kAfterJitter };

// Weights of the offsets 0, 1, ... of a Gaussian, or none. An exponential is not the same on all machines, so they are
// given.
struct Kernel {
  const double* weights;
  int size;
};

// What is done to an image (data/src/AugmentationPlan.ts).
struct ViewPlan {
  int top, left, height, width;
  bool flip;
  double brightness, contrast, saturation, hue;
  Step order[4];
  Gray gray;
  Kernel blur_of_rows, blur_of_columns;
  // Negative where nothing is inverted.
  double solarize;
};

// What the encoder sees of an image.
struct Seen {
  int height, width, channels;
  std::vector<float> mean, std;
};

// Writes a view of every image, normalised. There are 1 or 3 channels, and only images of 3 have colour steps. Boxes lie
// inside of their images. Throws std::bad_alloc.
void make_views(const std::vector<Pixels>& images, const std::vector<ViewPlan>& plans, const Seen& seen, float* views);

}  // namespace moco

#include "kernels/shared/exactly.h"

#include "kernels/views/views.h"

#include <xmmintrin.h>

#include "kernels/shared/parallel.h"
#include "kernels/views/colour.h"
#include "kernels/views/taps.h"

namespace moco {
namespace {

// Numbers too small for their full digits are kept as long as this lives, as JavaScript keeps them; threads that compute
// for TensorFlow make zeros of them.
class SmallNumbers {
 public:
  SmallNumbers() : before_(_mm_getcsr()) { _mm_setcsr(before_ & ~0x8040u); }
  SmallNumbers(const SmallNumbers&) = delete;
  ~SmallNumbers() { _mm_setcsr(before_); }

 private:
  unsigned before_;
};

// Memory of a thread, kept from view to view.
struct Desk {
  Taps rows, columns, blur;
  std::vector<double> some_rows;
  std::vector<float> narrow, values;
};

// A byte as a part of white.
constexpr double kOfByte = 1.0 / 255;

// Room behind an image for the fourth lane of its last pixel.
constexpr int64_t kBehind = 1;

void jitter(float* values, int64_t size, int channels, const ViewPlan& plan) {
  for (const Step step : plan.order) switch (step) {
      case Step::kBrightness: brighten(values, size, plan.brightness); break;
      case Step::kContrast: change_contrast(values, size, channels, plan.contrast); break;
      case Step::kSaturation: saturate(values, size, plan.saturation); break;
      case Step::kHue: turn_hue(values, size, plan.hue); break;
      case Step::kNone: break;
    }
}

void crop_and_flip(const Pixels& image, const ViewPlan& plan, const Seen& seen, Desk& desk) {
  const int row_length = seen.width * seen.channels;
  side_taps(plan.width, seen.width, desk.columns);
  side_taps(plan.height, seen.height, desk.rows);
  desk.narrow.resize(static_cast<int64_t>(plan.height) * row_length + kBehind);
  // The rows first: they lie in memory one after the other, and are then as narrow as the view.
  along_rows<uint8_t>({image.values, image.width, seen.channels, plan.top, plan.left, plan.height}, desk.columns,
                      plan.flip, desk.some_rows, desk.narrow.data());
  along_columns(desk.narrow.data(), row_length, desk.rows, kOfByte, desk.values.data());
}

void blur(const ViewPlan& plan, const Seen& seen, Desk& desk) {
  if (plan.blur_of_rows.size == 0) return;
  const int row_length = seen.width * seen.channels;
  blur_taps(seen.width, plan.blur_of_rows, desk.blur);
  desk.narrow.resize(static_cast<int64_t>(seen.height) * row_length + kBehind);
  along_rows<float>({desk.values.data(), seen.width, seen.channels, 0, 0, seen.height}, desk.blur, false, desk.some_rows,
                    desk.narrow.data());
  blur_taps(seen.height, plan.blur_of_columns, desk.blur);
  along_columns(desk.narrow.data(), row_length, desk.blur, 1, desk.values.data());
}

void make_view(const Pixels& image, const ViewPlan& plan, const Seen& seen, Desk& desk, float* view) {
  const int64_t size = static_cast<int64_t>(seen.height) * seen.width * seen.channels;
  desk.values.resize(size + kBehind);
  float* const values = desk.values.data();
  crop_and_flip(image, plan, seen, desk);
  if (plan.gray == Gray::kBeforeJitter) make_gray(values, size);
  jitter(values, size, seen.channels, plan);
  if (plan.gray == Gray::kAfterJitter) make_gray(values, size);
  blur(plan, seen, desk);
  if (plan.solarize >= 0) solarize(values, size, plan.solarize);
  standardise(values, size, seen.channels, seen.mean.data(), seen.std.data(), view);
}

}  // namespace

void make_views(const std::vector<Pixels>& images, const std::vector<ViewPlan>& plans, const Seen& seen, float* views) {
  const int64_t size = static_cast<int64_t>(seen.height) * seen.width * seen.channels;
  parallel_for(static_cast<int>(images.size()), [&](int row, int) {
    const SmallNumbers kept;
    thread_local Desk desk;
    make_view(images[row], plans[row], seen, desk, views + row * size);
  });
}

}  // namespace moco

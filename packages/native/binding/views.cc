#include <memory>
#include <stdexcept>
#include <tuple>
#include <vector>

#include "binding/images.h"
#include "binding/napi.h"
#include "kernels/views/views.h"

namespace moco {
namespace {

// What a plan is as numbers, one after the other.
enum Field {
  kTop, kLeft, kHeight, kWidth, kFlip, kBrightness, kContrast, kSaturation, kHue, kOrder,
  kGray = kOrder + 4, kSolarize, kRowsStart, kRowsSize, kColumnsStart, kColumnsSize, kNumFields
};

void require(bool holds, const char* message) {
  if (!holds) throw std::invalid_argument(message);
}

// A whole number of 0 to `most`.
int whole(double number, double most, const char* what) {
  require(number >= 0 && number <= most, what);
  return static_cast<int>(number);
}

std::vector<Pixels> images_of(napi_env env, napi_value array, int channels) {
  uint32_t count;
  expect(napi_get_array_length(env, array, &count), "images");
  std::vector<Pixels> images(count);
  for (uint32_t row = 0; row < count; row++) {
    napi_value image;
    expect(napi_get_element(env, array, row, &image), "an image");
    const int height = whole(number_of(env, property_of(env, image, "height"), "height"), 1 << 30, "height");
    const int width = whole(number_of(env, property_of(env, image, "width"), "width"), 1 << 30, "width");
    const auto pixels = values_of<uint8_t>(env, property_of(env, image, "pixels_HWC"), "pixels_HWC");
    require(static_cast<uint64_t>(height) * width * channels == pixels.size, "an image has another number of pixels");
    images[row] = {pixels.at, height, width};
  }
  return images;
}

Kernel kernel_of(const double* start, int most, const Values<double>& kernels) {
  const int from = whole(start[0], static_cast<double>(kernels.size), "a kernel begins outside");
  const int size = whole(start[1], most, "a kernel is longer than its side");
  require(static_cast<size_t>(from) + size <= kernels.size, "a kernel ends outside");
  return {kernels.at + from, size};
}

ViewPlan plan_of(const double* fields, const Pixels& image, const Seen& seen, const Values<double>& kernels) {
  ViewPlan plan;
  plan.height = whole(fields[kHeight], image.height, "a box is higher than its image");
  plan.width = whole(fields[kWidth], image.width, "a box is wider than its image");
  require(plan.height > 0 && plan.width > 0, "a box has no pixels");
  plan.top = whole(fields[kTop], image.height - plan.height, "a box is outside of its image");
  plan.left = whole(fields[kLeft], image.width - plan.width, "a box is outside of its image");
  plan.flip = fields[kFlip] != 0;
  plan.brightness = fields[kBrightness];
  plan.contrast = fields[kContrast];
  plan.saturation = fields[kSaturation];
  plan.hue = fields[kHue];
  for (int place = 0; place < 4; place++) {
    plan.order[place] = static_cast<Step>(whole(fields[kOrder + place], 4, "a step of the jitter is none"));
    const bool is_of_colour = (plan.order[place] == Step::kSaturation && plan.saturation != 1) ||
                              (plan.order[place] == Step::kHue && plan.hue != 0);
    require(seen.channels == 3 || !is_of_colour, "a step of colour is of images of 3 channels");
  }
  plan.gray = static_cast<Gray>(whole(fields[kGray], 2, "gray is before or after the jitter"));
  require(seen.channels == 3 || plan.gray == Gray::kNone, "gray is of images of 3 channels");
  plan.solarize = fields[kSolarize];
  plan.blur_of_rows = kernel_of(fields + kRowsStart, seen.width, kernels);
  plan.blur_of_columns = kernel_of(fields + kColumnsStart, seen.height, kernels);
  require((plan.blur_of_rows.size == 0) == (plan.blur_of_columns.size == 0), "a blur has a kernel for both sides");
  return plan;
}

Seen seen_of(napi_env env, napi_value seen, napi_value mean, napi_value std) {
  const auto side = [&](const char* name) { return whole(number_of(env, property_of(env, seen, name), name), 1 << 15, name); };
  Seen form = {side("height"), side("width"), side("channels"), {}, {}};
  require(form.height > 0 && form.width > 0, "a view has no pixels");
  require(form.channels == 1 || form.channels == 3, "views have 1 or 3 channels");
  for (auto& [into, from, what] : {std::tuple{&form.mean, mean, "mean"}, std::tuple{&form.std, std, "std"}}) {
    const auto values = values_of<float>(env, from, what);
    require(values.size == static_cast<size_t>(form.channels), "mean and std have a value for each channel");
    into->assign(values.at, values.at + values.size);
  }
  return form;
}

// Memory for views, as an ArrayBuffer: JavaScript would fill it with zeros before.
napi_value memory_for(napi_env env, size_t values, float** at) {
  std::unique_ptr<float[]> memory(new float[values]);
  *at = memory.get();
  const auto give_back = [](napi_env, void* data, void*) { delete[] static_cast<float*>(data); };
  napi_value buffer;
  expect(napi_create_external_arraybuffer(env, *at, values * sizeof(float), give_back, nullptr, &buffer), "the memory");
  memory.release();
  return buffer;
}

napi_value views(napi_env env, napi_callback_info info) {
  const Arguments<6> given(env, info);
  const auto& [images_given, plans_given, kernels_given, seen_given, mean, std] = given.values;
  const Seen seen = seen_of(env, seen_given, mean, std);
  const std::vector<Pixels> images = images_of(env, images_given, seen.channels);
  const auto fields = values_of<double>(env, plans_given, "plans");
  const auto kernels = values_of<double>(env, kernels_given, "kernels");
  require(fields.size == images.size() * kNumFields, "there is a plan for each image");
  std::vector<ViewPlan> plans(images.size());
  for (size_t row = 0; row < images.size(); row++)
    plans[row] = plan_of(fields.at + row * kNumFields, images[row], seen, kernels);
  float* into;
  napi_value buffer = memory_for(env, images.size() * seen.height * seen.width * seen.channels, &into);
  make_views(images, plans, seen, into);
  return buffer;
}

}  // namespace

void export_views(napi_env env, napi_value exports) { export_function(env, exports, "makeViews", thrown_over<views>); }

}  // namespace moco

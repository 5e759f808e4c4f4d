#include "binding/jpeg.h"

#include "tensorflow/c/eager/c_api.h"
#include "tensorflow/c/tf_tstring.h"

namespace moco {
namespace {

template <typename Value, void (*destroy)(Value*)>
struct Deleter {
  void operator()(Value* value) const { destroy(value); }
};
template <typename Value, void (*destroy)(Value*)>
using Owned = std::unique_ptr<Value, Deleter<Value, destroy>>;

using Status = Owned<TF_Status, TF_DeleteStatus>;
using Tensor = Owned<TF_Tensor, TF_DeleteTensor>;
using Handle = Owned<TFE_TensorHandle, TFE_DeleteTensorHandle>;
using Op = Owned<TFE_Op, TFE_DeleteOp>;

bool is_ok(const Status& status) { return TF_GetCode(status.get()) == TF_OK; }

// ConfigProto: no GPU, one thread inside an op and one beside; each op runs on the thread that asks for it.
constexpr char kConfig[] = "\x0a\x07\x0a\x03GPU\x10\x00\x10\x01\x28\x01";

// A context of its own, so that nothing of the binding's is shared between threads. It stays as long as the process does.
TFE_Context* context() {
  static TFE_Context* const made = [] {
    const Status status(TF_NewStatus());
    TFE_ContextOptions* options = TFE_NewContextOptions();
    TFE_ContextOptionsSetConfig(options, kConfig, sizeof(kConfig) - 1, status.get());
    TFE_Context* context = is_ok(status) ? TFE_NewContext(options, status.get()) : nullptr;
    TFE_DeleteContextOptions(options);
    return context;
  }();
  return made;
}

// The bytes as a tensor that does not copy them.
Tensor text_of(const uint8_t* bytes, size_t size) {
  Tensor tensor(TF_AllocateTensor(TF_STRING, nullptr, 0, sizeof(TF_TString)));
  if (tensor == nullptr) return tensor;
  TF_TString* text = static_cast<TF_TString*>(TF_TensorData(tensor.get()));
  TF_StringInit(text);
  TF_StringAssignView(text, reinterpret_cast<const char*>(bytes), size);
  return tensor;
}

Handle run(const Handle& file, const Status& status) {
  const Op op(TFE_NewOp(context(), "DecodeJpeg", status.get()));
  if (!is_ok(status)) return nullptr;
  TFE_OpAddInput(op.get(), file.get(), status.get());
  if (!is_ok(status)) return nullptr;
  constexpr char kMethod[] = "INTEGER_ACCURATE";
  TFE_OpSetAttrInt(op.get(), "channels", 3);
  TFE_OpSetAttrBool(op.get(), "fancy_upscaling", 1);
  TFE_OpSetAttrString(op.get(), "dct_method", kMethod, sizeof(kMethod) - 1);
  TFE_TensorHandle* image = nullptr;
  int count = 1;
  TFE_Execute(op.get(), &image, &count, status.get());
  return Handle(is_ok(status) ? image : nullptr);
}

}  // namespace

OwnedPixels decode_jpeg(const uint8_t* bytes, size_t size, int height, int width) {
  const Status status(TF_NewStatus());
  const Tensor text = text_of(bytes, size);
  if (context() == nullptr || text == nullptr) return {};
  const Handle file(TFE_NewTensorHandle(text.get(), status.get()));
  if (!is_ok(status)) return {};
  const Handle image = run(file, status);
  if (image == nullptr) return {};
  const std::shared_ptr<TF_Tensor> pixels(TFE_TensorHandleResolve(image.get(), status.get()), [](TF_Tensor* tensor) {
    if (tensor != nullptr) TF_DeleteTensor(tensor);
  });
  if (!is_ok(status) || pixels == nullptr || TF_NumDims(pixels.get()) != 3) return {};
  const auto has = [&](int axis, int length) { return TF_Dim(pixels.get(), axis) == length; };
  if (!has(0, height) || !has(1, width) || !has(2, 3)) return {};
  return {pixels, static_cast<uint8_t*>(TF_TensorData(pixels.get())), height, width};
}

}  // namespace moco

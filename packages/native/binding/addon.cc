// The Node addon: when it is loaded, it loads libtensorflow, registers the ops of all families, and says what it is.

#include <string>

#include <node_api.h>

#include "binding/images.h"
#include "binding/libtensorflow.h"
#include "binding/napi.h"
#include "kernels/shared/op.h"
#include "kernels/shared/products.h"

namespace moco {
namespace {

// Once in a process, however often the addon is asked for.
const std::string& start() {
  static const std::string& problem = *new std::string([] {
    const std::string first = load_libtensorflow();
    return first.empty() ? register_ops() : first;
  }());
  return problem;
}

napi_value give_back(napi_env, napi_callback_info) {
  give_back_pages();
  return nullptr;
}

}  // namespace
}  // namespace moco

NAPI_MODULE_INIT() {
  const std::string& problem = moco::start();
  if (!problem.empty()) {
    napi_throw_error(env, nullptr, problem.c_str());
    return nullptr;
  }
  moco::export_function(env, exports, "giveBackPages", moco::give_back);
  moco::export_views(env, exports);
  moco::export_decoding(env, exports);
  napi_value sources, compiler, columns;
  napi_create_string_utf8(env, MOCO_OPS_SOURCES, NAPI_AUTO_LENGTH, &sources);
  napi_set_named_property(env, exports, "sources", sources);
  napi_create_string_utf8(env, __VERSION__, NAPI_AUTO_LENGTH, &compiler);
  napi_set_named_property(env, exports, "compiler", compiler);
  napi_create_int32(env, moco::kColumns, &columns);
  napi_set_named_property(env, exports, "columns", columns);
  return exports;
}

// What the addon does with images, beside its ops.
#pragma once

#include <node_api.h>

namespace moco {

// makeViews(images, plans, kernels, seen, mean, std): src/ImageFunctions.ts says what they are.
void export_views(napi_env env, napi_value exports);

// startDecoding(threads, done) and what is done with the threads that it starts.
void export_decoding(napi_env env, napi_value exports);

}  // namespace moco

// What JavaScript gives to a function, looked at before it is used.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <stdexcept>
#include <string>

namespace moco {

// Values of a typed array; they stay where they are as long as the call lasts.
template <typename Value>
struct Values {
  Value* at;
  size_t size;
};

template <typename Value>
constexpr napi_typedarray_type kTypeOf = napi_uint8_array;
template <>
inline constexpr napi_typedarray_type kTypeOf<float> = napi_float32_array;
template <>
inline constexpr napi_typedarray_type kTypeOf<double> = napi_float64_array;

// Throws std::invalid_argument where a step of N-API is refused: a value is of another kind.
inline void expect(napi_status status, const char* what) {
  if (status != napi_ok) throw std::invalid_argument(std::string(what) + " is of another kind");
}

template <typename Value>
Values<Value> values_of(napi_env env, napi_value array, const char* what) {
  napi_typedarray_type type;
  size_t size;
  void* data;
  expect(napi_get_typedarray_info(env, array, &type, &size, &data, nullptr, nullptr), what);
  if (type != kTypeOf<Value>) throw std::invalid_argument(std::string(what) + " has values of another kind");
  return {static_cast<Value*>(data), size};
}

inline double number_of(napi_env env, napi_value value, const char* what) {
  double number;
  expect(napi_get_value_double(env, value, &number), what);
  return number;
}

// A whole number from `least` to `most`.
inline int64_t whole_of(napi_env env, napi_value value, int64_t least, int64_t most, const char* what) {
  const double number = number_of(env, value, what);
  // Not a number is on neither side.
  if (!(number >= static_cast<double>(least) && number <= static_cast<double>(most)))
    throw std::invalid_argument(std::string(what) + " is out of bounds");
  return static_cast<int64_t>(number);
}

inline napi_value property_of(napi_env env, napi_value object, const char* name) {
  napi_value value;
  expect(napi_get_named_property(env, object, name, &value), name);
  return value;
}

// The arguments of a call, of which there must be `count`.
template <size_t count>
struct Arguments {
  Arguments(napi_env env, napi_callback_info info) {
    size_t given = count;
    napi_get_cb_info(env, info, &given, values, nullptr, nullptr);
    if (given < count) throw std::invalid_argument("an argument is missing");
  }
  napi_value values[count];
};

// A function that JavaScript calls: what it throws becomes an error there.
template <napi_value (*call)(napi_env, napi_callback_info)>
napi_value thrown_over(napi_env env, napi_callback_info info) {
  try {
    return call(env, info);
  } catch (const std::bad_alloc&) {
    napi_throw_range_error(env, nullptr, "there is no memory for it");
  } catch (const std::exception& error) {
    napi_throw_range_error(env, nullptr, error.what());
  }
  return nullptr;
}

inline void export_function(napi_env env, napi_value exports, const char* name, napi_callback call) {
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, call, nullptr, &function);
  napi_set_named_property(env, exports, name, function);
}

}  // namespace moco

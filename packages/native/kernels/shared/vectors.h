// Vectors of the width that the compiler's flags ask for (src/InstructionSets.ts). The library says it to its users
// (binding/addon.cc), so nobody else needs to know it.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__AVX__)
#include <immintrin.h>
#endif

namespace moco {

#if defined(__AVX512F__)
constexpr int kWidth = 16;
#elif defined(__AVX__)
constexpr int kWidth = 8;
#else
constexpr int kWidth = 4;
#endif

typedef float Vector __attribute__((vector_size(kWidth * sizeof(float))));
#if defined(__AVX512F__)
static_assert(sizeof(Vector) == sizeof(__m512), "a vector is a register");
#elif defined(__AVX__)
static_assert(sizeof(Vector) == sizeof(__m256), "a vector is a register");
#endif

inline Vector load(const float* from) {
  Vector vector;
  std::memcpy(&vector, from, sizeof(vector));
  return vector;
}

inline void store(float* to, Vector vector) { std::memcpy(to, &vector, sizeof(vector)); }

// Past the caches: memory need not be read before it is overwritten, which pays where the result would not stay in them.
inline void stream(float* to, Vector vector) {
#if defined(__AVX512F__)
  if (reinterpret_cast<uintptr_t>(to) % sizeof(vector) == 0) return _mm512_stream_ps(to, reinterpret_cast<__m512>(vector));
#elif defined(__AVX__)
  if (reinterpret_cast<uintptr_t>(to) % sizeof(vector) == 0) return _mm256_stream_ps(to, reinterpret_cast<__m256>(vector));
#endif
  store(to, vector);
}

// Makes what was streamed visible to other threads.
inline void end_stream() {
#if defined(__AVX__)
  _mm_sfence();
#endif
}

inline Vector broadcast(float value) { return value - Vector{}; }

}  // namespace moco

#include "binding/libtensorflow.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>

namespace moco {
namespace {

int give_back(dl_phdr_info* library, size_t, void*) {
  if (std::strstr(library->dlpi_name, "libtensorflow") == nullptr) return 0;
  const uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  for (int i = 0; i < library->dlpi_phnum; i++) {
    const auto& segment = library->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const uintptr_t from = (library->dlpi_addr + segment.p_vaddr) & ~(page - 1);
    const uintptr_t to = (library->dlpi_addr + segment.p_vaddr + segment.p_filesz) & ~(page - 1);
    // Advice only: where it is refused, the pages stay.
    if (to > from) madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED);
  }
  return 0;
}

// Standard error leads nowhere as long as this lives.
class Silence {
 public:
  Silence() : before_(dup(STDERR_FILENO)) {
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (before_ >= 0 && nowhere >= 0) dup2(nowhere, STDERR_FILENO);
    if (nowhere >= 0) close(nowhere);
  }
  Silence(const Silence&) = delete;
  ~Silence() {
    if (before_ < 0) return;
    dup2(before_, STDERR_FILENO);
    close(before_);
  }

 private:
  int before_;
};

}  // namespace

std::string load_libtensorflow() {
  const Silence silence;
  if (dlopen(MOCO_LIBTENSORFLOW, RTLD_LAZY | RTLD_GLOBAL) != nullptr) return "";
  const char* reason = dlerror();
  return reason == nullptr ? MOCO_LIBTENSORFLOW " cannot be loaded" : reason;
}

void give_back_pages() { dl_iterate_phdr(give_back, nullptr); }

}  // namespace moco

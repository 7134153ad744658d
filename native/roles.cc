#include "roles.h"

#include <dlfcn.h>
#include <link.h>
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bit>

#include "procfs.h"

namespace threadmeter {
namespace {

struct KnownName {
  const char* part;
  Role role;
};

// Kernel names that Node and libuv give to their own threads.
constexpr KnownName kKnownNames[] = {
    {"V8Worker", Role::kV8},           {"DelayedTaskSche", Role::kV8},
    {"libuv-worker", Role::kLibuv},    {"SignalInspector", Role::kInspector},
    {"InspectorIo", Role::kInspector}, {"WorkerThread", Role::kWorker},
};

struct Search {
  uintptr_t address;
  const void* found;
};

int HoldsAddress(dl_phdr_info* object, size_t, void* data) {
  auto* search = static_cast<Search*>(data);
  for (int i = 0; i < object->dlpi_phnum; i++) {
    const auto& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD) continue;
    if (search->address - (object->dlpi_addr + segment.p_vaddr) >= segment.p_memsz) continue;
    search->found = object->dlpi_phdr;
    return 1;
  }
  return 0;
}

// The loaded object (the executable or a library) whose memory holds `address`; null for heap,
// stacks and anonymous mappings. Not dladdr(): that walks all of Node's exported symbols, 0.2 ms.
const void* ObjectHolding(const void* address) {
  Search search{reinterpret_cast<uintptr_t>(address), nullptr};
  dl_iterate_phdr(HoldsAddress, &search);
  return search.found;
}

// Whether `address` is a static variable of the object that holds libuv.
bool IsStaticOfLibuv(uint64_t address) {
  static const void* const libuv = ObjectHolding(dlsym(RTLD_DEFAULT, "uv_queue_work"));
  return libuv != nullptr && ObjectHolding(reinterpret_cast<void*>(address)) == libuv;
}

// Whether this futex(2) operation is one of a condition variable or a semaphore, and not of a
// mutex, for which any thread may wait a moment. Only glibc waits for them in different ways; with
// musl nothing is told by this.
bool IsLongWait(uint64_t operation) {
  constexpr uint64_t kOptions = FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME;
  return (operation & ~kOptions) == FUTEX_WAIT_BITSET;
}

}  // namespace

const char* RoleName(Role role) {
  constexpr const char* kNames[] = {"main",      "worker",   "libuv", "v8",
                                    "inspector", "observer", "other"};
  return kNames[static_cast<int>(role)];
}

void RoleEvidence::ReadProcess() {
  pid_t pid = getpid();
  if (!ReadComm(pid, first_comm_)) first_comm_[0] = '\0';
  threads_are_named_ = strstr(first_comm_, "MainThread") != nullptr;
  auto status = ReadStatus(pid);
  mask_known_ = status.has_value();
  if (status) process_mask_ = status->blocked_signals;
}

bool RoleEvidence::IsOwnName(const char* comm) const {
  char present[16];
  return comm[0] != '\0' && strcmp(comm, first_comm_) != 0 &&
         (!ReadComm(getpid(), present) || strcmp(comm, present) != 0);
}

Role RoleEvidence::FromName(const char* comm) const {
  for (const KnownName& known : kKnownNames) {
    if (strstr(comm, known.part) != nullptr) return known.role;
  }
  return Role::kOther;
}

Role RoleEvidence::FromBehaviour(pid_t tid) const {
  auto status = ReadStatus(tid);
  if (!mask_known_ || !status) return Role::kOther;
  const uint64_t mask = status->blocked_signals;
  constexpr uint64_t kSigusr1 = uint64_t{1} << (SIGUSR1 - 1);

  // Node starts its platform threads (V8's workers, the delayed-task scheduler) with SIGUSR1
  // blocked, so that the signal that opens the inspector reaches the main thread, and no others.
  if (mask == (process_mask_ | kSigusr1) && mask != process_mask_) return Role::kV8;

  // The rest is told by what the thread waits for: libuv's pool on its one static condition
  // variable, the inspector's signal thread, every signal blocked, on a static semaphore.
  auto waiting = ReadSyscall(tid);
  if (!waiting || waiting->number != SYS_futex || !IsLongWait(waiting->arguments[1]) ||
      !IsStaticOfLibuv(waiting->arguments[0])) {
    return Role::kOther;
  }
  constexpr int kAllButFew = 56;
  if (std::popcount(mask) >= kAllButFew && std::popcount(process_mask_) < kAllButFew) {
    return Role::kInspector;
  }
  return mask == process_mask_ ? Role::kLibuv : Role::kOther;
}

}  // namespace threadmeter

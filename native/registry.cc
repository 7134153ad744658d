#include "registry.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "event_loop.h"

namespace threadmeter {
namespace {

constexpr size_t kMaxEndedNames = 1024;
constexpr size_t kMaxLateEndings = 1024;
constexpr int kMaxOpenFds = 1024;

std::atomic<Registry*> current{nullptr};

pid_t CurrentTid() { return static_cast<pid_t>(syscall(SYS_gettid)); }

// An eighth of what this process may open, so that the application keeps the rest.
int DescriptorBudget() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  return static_cast<int>(std::min<rlim_t>(limit.rlim_cur / 8, kMaxOpenFds));
}

// The key whose destructor runs on each registered thread as the last thing it does, after Node has
// torn down the environment and the isolate: the addon is never unloaded (-z nodelete), so the
// destructor is always there to be called.
//
// Null where the process has no key left: then threads are found to have ended at the next look.
template <void (*kOnExit)(void*)>
const pthread_key_t* ExitKey() {
  static pthread_key_t key;
  static bool created;
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, [] { created = pthread_key_create(&key, kOnExit) == 0; });
  return created ? &key : nullptr;
}

}  // namespace

Registry& Registry::Get() {
  const pid_t pid = getpid();
  Registry* registry = current.load(std::memory_order_acquire);
  while (registry == nullptr || registry->pid_ != pid) {
    // Leaked on purpose, and so is the parent's after a fork: its lock may be held by a thread that
    // does not exist here.
    auto* fresh = new Registry(pid);
    if (current.compare_exchange_strong(registry, fresh, std::memory_order_acq_rel)) return *fresh;
    fresh->directory_.Close();
    delete fresh;
  }
  return *registry;
}

Registry::Registry(pid_t pid) : pid_(pid), fd_budget_(DescriptorBudget()) {
  pthread_mutex_init(&mutex_, nullptr);
  ended_.emplace_back();
  procfs_error_ = CheckProcNamespace();
  if (procfs_error_ == 0) procfs_error_ = directory_.Open();
  if (procfs_error_ == 0) evidence_.ReadProcess();
}

uint64_t Registry::RegisterThread(bool is_main, int thread_id, const char* name,
                                  const uv_loop_s* loop) {
  const pid_t tid = CurrentTid();
  uint64_t start_ticks = 0;
  if (procfs_error_ == 0) {
    auto stat = ReadStat(tid);
    if (stat) start_ticks = stat->start_ticks;
  }
  uint64_t uid;
  {
    Lock lock(*this);
    Task* task = Find(tid);
    // A namesake from before this thread was created.
    if (task != nullptr && !IsSameStart(task->start_ticks, start_ticks)) {
      Remove(task);
      task = nullptr;
    }
    if (task == nullptr) {
      task = Add(tid, start_ticks);
    } else {
      task->listed_before = true;
    }
    task->registered = true;
    task->role = is_main ? Role::kMain : Role::kWorker;
    task->thread_id = thread_id;
    char comm[16] = "";
    prctl(PR_GET_NAME, comm);
    const bool has_comm = evidence_.threads_are_named() && evidence_.IsOwnName(comm) &&
                          evidence_.FromName(comm) == Role::kOther;
    task->named = !is_main && (name[0] != '\0' || has_comm);
    task->name = is_main ? "main" : name[0] != '\0' ? name : has_comm ? comm : "";
    if (!is_main && !task->named) task->name = "worker-" + std::to_string(thread_id);
    task->ended_slot = task->named ? EndedSlot(task->name) : 0;
    task->loop = loop;
    if (loop != nullptr) {
      task->loop_idle_at_start_ns = LoopIdleTime(loop);
      task->loop_since_ns = MonotonicNs();
    }
    version_++;
    uid = task->uid;
  }
  if (const pthread_key_t* key = ExitKey<&Registry::OnThreadExit>()) {
    pthread_setspecific(*key, reinterpret_cast<void*>(uid));
  }
  return uid;
}

void Registry::DetachLoop(uint64_t uid) {
  Registry& registry = Get();
  Lock lock(registry);
  for (Task* task : registry.tasks_) {
    if (task->uid == uid) task->loop = nullptr;
  }
}

bool Registry::RenameThread(const char* name) {
  const pid_t tid = CurrentTid();
  if (tid == getpid()) return false;
  prctl(PR_SET_NAME, name);
  Registry& registry = Get();
  Lock lock(registry);
  if (Task* task = registry.Find(tid)) {
    task->name = name;
    task->named = true;
    if (task->registered) task->ended_slot = registry.EndedSlot(task->name);
    registry.version_++;
  }
  return true;
}

void Registry::TakeRole(uint64_t uid, Role role) {
  Registry& registry = Get();
  Lock lock(registry);
  Task* task = registry.FindOwn(uid);
  if (task == nullptr || task->role == role) return;
  task->role = role;
  registry.version_++;
}

int Registry::BindMeter(uint64_t uid, int fd) {
  MeterHeader meter;
  if (fd >= 0) {
    if (const int error = meter.Map(fd)) return error;
  }
  bool is_known;
  {
    Registry& registry = Get();
    Lock lock(registry);
    Task* task = registry.FindOwn(uid);
    is_known = task != nullptr;
    if (is_known) std::swap(task->meter, meter);
  }
  meter.Unmap();
  return is_known ? 0 : ESRCH;
}

void Registry::OnThreadExit(void* value) {
  const pid_t tid = CurrentTid();
  const int64_t run_delay_ns = OwnRunDelay();
  Registry& registry = Get();
  Lock lock(registry);
  Task* task = registry.FindOwn(reinterpret_cast<uint64_t>(value));
  if (task == nullptr) return;
  task->run_delay_ns = std::max(task->run_delay_ns, run_delay_ns);
  const ThreadUsage usage = OwnThreadUsage(&task->split);
  task->cpu_ns = usage.cpu_ns;
  task->meter.End({task->cpu_ns, usage.cpu, task->run_delay_ns, usage.voluntary_switches,
                   usage.involuntary_switches});
  registry.FoldIntoEnded(task, &usage);
  if (registry.procfs_error_ == 0) {
    std::erase_if(registry.leaving_, [](const Leaving& other) {
      return ThreadCpuTime(other.tid, CpuClock::kSched) < 0;
    });
    registry.leaving_.push_back({tid, task->start_ticks});
  }
  registry.Remove(task);
}

Task* Registry::FindOwn(uint64_t uid) {
  Task* task = Find(CurrentTid());
  // In a child of fork() the uid is one of the parent's registry.
  return task != nullptr && task->uid == uid ? task : nullptr;
}

void Registry::FoldIntoEnded(Task* task, const ThreadUsage* usage) {
  EndedTotals& totals = ended_[task->ended_slot];
  totals.threads++;
  totals.cpu.user_us += task->split.last().user_us;
  totals.cpu.system_us += task->split.last().system_us;
  totals.cpu_ns += task->cpu_ns;
  if (task->run_delay_ns > 0) totals.run_delay_ns += task->run_delay_ns;
  if (usage != nullptr) {
    totals.voluntary_switches += usage->voluntary_switches;
    totals.involuntary_switches += usage->involuntary_switches;
  }
  if (task->listed_before) {
    if (late_endings_.size() == kMaxLateEndings) late_endings_.erase(late_endings_.begin());
    late_endings_.push_back({task->uid, task->ended_slot});
  }
  task->registered = false;
  ended_version_++;
}

int Registry::EndedSlot(const std::string& name) {
  for (size_t slot = 1; slot < ended_.size(); slot++) {
    if (ended_[slot].name == name) return static_cast<int>(slot);
  }
  if (ended_.size() > kMaxEndedNames) return 0;
  ended_.emplace_back();
  ended_.back().name = name;
  return static_cast<int>(ended_.size() - 1);
}

}  // namespace threadmeter

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

constexpr int64_t kVerifyIntervalNs = 10 * kNsPerSecond;
constexpr int64_t kNameSettlesNs = kNsPerSecond;
constexpr int kMaxRoleAttempts = 8;
constexpr size_t kMaxEndedNames = 1024;
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
pthread_key_t ExitKey(void (*on_exit)(void*)) {
  static pthread_key_t key;
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  static void (*destructor)(void*);
  destructor = on_exit;
  pthread_once(&once, [] { pthread_key_create(&key, destructor); });
  return key;
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
    if (task != nullptr && task->start_ticks != start_ticks) {
      Remove(task);
      task = nullptr;
    }
    if (task == nullptr) task = Add(tid, start_ticks);
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
  pthread_setspecific(ExitKey(&Registry::OnThreadExit), reinterpret_cast<void*>(uid));
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

void Registry::OnThreadExit(void* value) {
  const auto uid = reinterpret_cast<uint64_t>(value);
  const int64_t run_delay_ns = OwnRunDelay();
  Registry& registry = Get();
  Lock lock(registry);
  for (Task* task : registry.tasks_) {
    if (task->uid != uid) continue;
    task->run_delay_ns = std::max(task->run_delay_ns, run_delay_ns);
    const ThreadUsage usage = OwnThreadUsage(&task->split);
    task->cpu_ns = OwnThreadCpuTime();
    registry.FoldIntoEnded(task, &usage);
    registry.Remove(task);
    break;
  }
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

Task* Registry::Find(pid_t tid) {
  auto found = std::find_if(tasks_.begin(), tasks_.end(), [tid](Task* t) { return t->tid == tid; });
  return found == tasks_.end() ? nullptr : *found;
}

Task* Registry::Add(pid_t tid, uint64_t start_ticks) {
  auto* task = new Task;
  task->uid = next_uid_++;
  task->tid = tid;
  task->start_ticks = start_ticks;
  task->first_seen_ns = task->verified_ns = MonotonicNs();
  tasks_.push_back(task);
  version_++;
  return task;
}

void Registry::Remove(Task* task) {
  // A registered thread that vanished without its exit hook: what was last read of it stays
  // counted.
  if (task->registered) FoldIntoEnded(task, nullptr);
  if (task->schedstat_fd >= 0) {
    close(task->schedstat_fd);
    open_fds_--;
  }
  tasks_.erase(std::find(tasks_.begin(), tasks_.end(), task));
  delete task;
  version_++;
}

void Registry::Refresh() {
  if (procfs_error_ != 0) return;
  if (directory_.ThreadCount() != static_cast<int>(tasks_.size())) Relist();
}

void Registry::Relist() {
  if (procfs_error_ != 0) return;
  const int64_t now = MonotonicNs();
  std::vector<pid_t> listed;
  listed.reserve(tasks_.size() + 16);
  if (!directory_.ForEachTid([&](pid_t tid) { listed.push_back(tid); })) return;
  std::vector<pid_t> sorted(listed);
  std::sort(sorted.begin(), sorted.end());

  for (size_t i = tasks_.size(); i-- > 0;) {
    Task* task = tasks_[i];
    bool alive = std::binary_search(sorted.begin(), sorted.end(), task->tid);
    // An open schedstat vouches for the thread at every look; the others are checked now and then
    // for a tid that has come back as another thread.
    if (alive && task->schedstat_fd < 0 && now - task->verified_ns > kVerifyIntervalNs) {
      auto stat = ReadStat(task->tid);
      alive = stat && stat->start_ticks == task->start_ticks;
      task->verified_ns = now;
    }
    if (!alive) Remove(task);
  }

  std::vector<pid_t> known;
  known.reserve(tasks_.size());
  for (const Task* task : tasks_) known.push_back(task->tid);
  std::sort(known.begin(), known.end());
  for (pid_t tid : listed) {
    if (std::binary_search(known.begin(), known.end(), tid)) continue;
    auto stat = ReadStat(tid);
    if (stat) Describe(Add(tid, stat->start_ticks));
  }
}

void Registry::Describe(Task* task) {
  char comm[16] = "";
  ReadComm(task->tid, comm);
  const bool own_name = evidence_.IsOwnName(comm);
  Role role = task->tid == pid_ ? Role::kMain : own_name ? evidence_.FromName(comm) : Role::kOther;
  if (role == Role::kOther) {
    role = evidence_.FromBehaviour(task->tid);
    task->role_attempts++;
  }
  const char* name = role != Role::kMain && own_name ? comm : RoleName(role);
  if (role == task->role && task->name == name) return;
  task->role = role;
  task->name = name;
  version_++;
}

void Registry::Settle(Task* task) {
  if (task->registered || procfs_error_ != 0) return;
  // A thread names itself a moment after its creation.
  const bool name_open = !task->comm_settled;
  const bool role_open = task->role == Role::kOther && task->role_attempts < kMaxRoleAttempts;
  if (!name_open && !role_open) return;
  task->comm_settled = MonotonicNs() - task->first_seen_ns > kNameSettlesNs;
  Describe(task);
}

int Registry::SchedstatFd(Task* task) {
  if (task->schedstat_fd >= 0 || procfs_error_ != 0) return task->schedstat_fd;
  if (open_fds_ >= fd_budget_) return -1;
  task->schedstat_fd = OpenSchedstat(task->tid);
  if (task->schedstat_fd >= 0) open_fds_++;
  return task->schedstat_fd;
}

}  // namespace threadmeter

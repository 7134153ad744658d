#include "tasks.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

#include "event_loop.h"

namespace threadmeter {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kNsPerMs = 1e6;

int64_t ReadNs(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return static_cast<int64_t>(time.tv_sec) * kNsPerSecond + time.tv_nsec;
}

// Milliseconds since the Unix epoch; the kernel keeps the start in clock ticks after boot.
double StartTimeMs(uint64_t start_ticks) {
  if (start_ticks == 0) return kNaN;
  static const double ms_per_tick = 1000.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
  static const double boot_ms =
      static_cast<double>(ReadNs(CLOCK_REALTIME) - ReadNs(CLOCK_BOOTTIME)) / kNsPerMs;
  return boot_ms + static_cast<double>(start_ticks) * ms_per_tick;
}

// False when the thread is gone, or another one has its tid.
bool ReadCpu(Task* task) {
  const int64_t cpu_ns = ThreadCpuTime(task->tid, CpuClock::kSched);
  if (cpu_ns < task->cpu_ns) return false;
  task->cpu_ns = cpu_ns;
  return true;
}

// Like the run delay, read only when the thread has run since: it cannot have changed otherwise.
void ReadSplit(Task* task) {
  if (task->split_at_ns == task->cpu_ns) return;
  task->split_at_ns = task->cpu_ns;
  const int64_t user = ThreadCpuTime(task->tid, CpuClock::kVirt);
  const int64_t both = ThreadCpuTime(task->tid, CpuClock::kProf);
  const int64_t total_us = task->cpu_ns / kNsPerMicro;
  // Before the first tick of a thread nothing tells the parts apart; user time is the usual case.
  task->split.Advance(total_us, both > 0 ? Proportion(total_us, user, both) : total_us);
}

// False when the kept-open file says that the thread is gone.
bool ReadRunDelay(Registry& registry, Task* task) {
  if (task->run_delay_at_ns == task->cpu_ns) return true;
  const bool was_open = task->schedstat_fd >= 0;
  int fd;
  if (!registry.SchedstatFd(task, &fd)) return false;
  if (fd < 0) return true;
  auto schedstat = ReadSchedstat(fd);
  if (!schedstat) return !was_open;
  if (!schedstat->is_kept()) return true;
  task->run_delay_ns = std::max(task->run_delay_ns, static_cast<int64_t>(schedstat->wait_ns));
  task->run_delay_at_ns = task->cpu_ns;
  return true;
}

void ReadLoop(const Task* task, double* row) {
  if (task->loop == nullptr || task->loop_idle_at_start_ns < 0) return;
  const int64_t idle = LoopIdleTime(task->loop) - task->loop_idle_at_start_ns;
  const int64_t since = MonotonicNs() - task->loop_since_ns;
  row[kIdle] = static_cast<double>(idle) / kNsPerMs;
  row[kActive] = static_cast<double>(std::max<int64_t>(since - idle, 0)) / kNsPerMs;
}

void ReadCostly(const Registry& registry, const Task* task, unsigned flags, double* row) {
  if (registry.procfs_error() != 0) return;
  if ((flags & kWithSwitches) != 0) {
    if (auto status = ReadStatus(task->tid)) {
      row[kVoluntary] = static_cast<double>(status->voluntary_switches);
      row[kInvoluntary] = static_cast<double>(status->involuntary_switches);
    }
  }
  if ((flags & kWithState) != 0) {
    if (auto stat = ReadStat(task->tid)) row[kState] = stat->state;
  }
}

// One thread into one row; false when it is gone.
bool ReadTask(Registry& registry, Task* task, unsigned flags, double* row) {
  // The clock first: reading it brings the same thread's schedstat and tick counts up to date.
  if (!ReadCpu(task)) return false;
  std::fill_n(row, kColumns, kNaN);
  if ((flags & kWithRunDelay) != 0) {
    if (!ReadRunDelay(registry, task)) return false;
    if (task->run_delay_ns >= 0) row[kRunDelay] = static_cast<double>(task->run_delay_ns);
  }
  if ((flags & kWithSplit) != 0) {
    ReadSplit(task);
    row[kUser] = static_cast<double>(task->split.last().user_us);
    row[kSystem] = static_cast<double>(task->split.last().system_us);
  }
  ReadLoop(task, row);
  if ((flags & (kWithSwitches | kWithState)) != 0) ReadCostly(registry, task, flags, row);
  row[kUid] = static_cast<double>(task->uid);
  row[kTid] = task->tid;
  if (task->thread_id != kNoThreadId) row[kThreadId] = task->thread_id;
  row[kRole] = static_cast<int>(task->role);
  row[kStartTime] = StartTimeMs(task->start_ticks);
  row[kCpuTime] = static_cast<double>(task->cpu_ns);
  return true;
}

// Every thread through `read`, again from the start when one of them turns out to be gone: another
// may have come in its place, unnoticed by the number of threads.
template <typename Read>
void ForEachTask(Registry& registry, Read read) {
  registry.Refresh();
  constexpr int kMaxRounds = 4;
  for (int round = 0; round < kMaxRounds; round++) {
    std::vector<Task*> gone;
    size_t index = 0;
    for (Task* task : registry.tasks()) {
      if (read(task, index)) {
        index++;
      } else {
        gone.push_back(task);
      }
    }
    if (gone.empty()) return;
    for (Task* task : gone) registry.Remove(task);
    // Not after the last round: every row that was read still needs its task.
    if (round + 1 < kMaxRounds) registry.Relist();
  }
}

Identity IdentityOf(const Task* task) {
  return {task->uid,  task->tid,        task->thread_id,
          task->role, task->ended_slot, StartTimeMs(task->start_ticks),
          task->name};
}

}  // namespace

void TakeLook(double* rows, size_t capacity, unsigned flags, uint64_t known_version,
              uint64_t known_ended_version, Look* look) {
  Registry& registry = Registry::Get();
  Registry::Lock lock(registry);
  look->taken_ns = MonotonicNs();
  look->threads = 0;
  double overflow[kColumns];
  ForEachTask(registry, [&](Task* task, size_t index) {
    double* row = index < capacity ? rows + index * kColumns : overflow;
    registry.Settle(task);
    look->threads = index;
    if (!ReadTask(registry, task, flags, row)) return false;
    look->threads = index + 1;
    return true;
  });
  look->version = registry.version();
  look->ended_version = registry.ended_version();
  look->identities.clear();
  look->ended.clear();
  look->late_endings.clear();
  if (look->version != known_version) {
    for (const Task* task : registry.tasks()) look->identities.push_back(IdentityOf(task));
  }
  if ((flags & kWithEnded) != 0 && look->ended_version != known_ended_version) {
    look->ended = registry.ended();
    look->late_endings = registry.late_endings();
  }
  if ((flags & kWithProcess) != 0) look->process = ProcessCpu();
}

namespace {

void SumLiveThreads(Registry& registry, ProcessParts* parts) {
  ForEachTask(registry, [&](Task* task, size_t index) {
    if (index == 0) *parts = ProcessParts();
    if (!ReadCpu(task)) return false;
    ReadSplit(task);
    CpuSplit& part = task->role == Role::kMain     ? parts->main
                     : task->role == Role::kWorker ? parts->workers
                                                   : parts->helpers;
    part.user_us += task->split.last().user_us;
    part.system_us += task->split.last().system_us;
    return true;
  });
}

}  // namespace

bool ReadProcessParts(ProcessParts* parts) {
  Registry& registry = Registry::Get();
  Registry::Lock lock(registry);
  if (registry.procfs_error() != 0) return false;
  // The process's time is the sum over live and ended threads (thread_group_cputime() in
  // kernel/sched/cputime.c), so what no live thread accounts for belongs to the ended ones. It is
  // read BEFORE the live ones: the other way round, all that they use between the two readings
  // would count as used by ended threads, for good. Reading every clock once before that makes the
  // kernel account the slices that are running.
  int64_t began_ns = MonotonicNs();
  ForEachTask(registry, [](Task* task, size_t) { return ReadCpu(task); });
  // Again when the caller lost its processor meanwhile, for the parts to sum to the total.
  constexpr int kMaxAttempts = 3;
  constexpr int64_t kUndisturbedNs = 2000000;
  for (int attempt = 0; attempt < kMaxAttempts; attempt++) {
    const int64_t total_ns = MonotonicNs();
    const CpuSplit total = ProcessCpu();
    SumLiveThreads(registry, parts);
    parts->total = total;
    if (MonotonicNs() - began_ns < kUndisturbedNs) break;
    began_ns = total_ns;
  }
  const int64_t live_user = parts->main.user_us + parts->workers.user_us + parts->helpers.user_us;
  const int64_t live_system =
      parts->main.system_us + parts->workers.system_us + parts->helpers.system_us;
  const int64_t exited_us = parts->total.user_us + parts->total.system_us - live_user - live_system;
  parts->exited = registry.exited_cpu.Advance(exited_us, parts->total.user_us - live_user);
  return true;
}

bool IsWaitingForCpu(pid_t tid) {
  if (Registry::Get().procfs_error() != 0) return false;
  const int64_t before = ThreadCpuTime(tid, CpuClock::kSched);
  auto stat = ReadStat(tid);
  return before >= 0 && stat && stat->state == 'R' &&
         ThreadCpuTime(tid, CpuClock::kSched) == before;
}

}  // namespace threadmeter

// The registry's list of threads as the kernel has it: who is there, who is gone, and what they
// are.
#include <unistd.h>

#include <algorithm>

#include "registry.h"

namespace threadmeter {
namespace {

constexpr int64_t kVerifyIntervalNs = 10 * kNsPerSecond;
constexpr int64_t kNameSettlesNs = kNsPerSecond;
constexpr int64_t kFirstSettleNs = kNsPerSecond / 100;
constexpr int64_t kLongestSettleNs = 60 * kNsPerSecond;

}  // namespace

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
  task->meter.Unmap();
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
  // Now and then in any case: a thread may have come in place of another.
  const bool due = MonotonicNs() - listed_ns_ > kVerifyIntervalNs;
  if (due || directory_.ThreadCount() != static_cast<int>(tasks_.size())) Relist();
}

void Registry::Relist() {
  if (procfs_error_ != 0) return;
  const int64_t now = MonotonicNs();
  std::vector<pid_t> listed;
  listed.reserve(tasks_.size() + 16);
  if (!directory_.ForEachTid([&](pid_t tid) { listed.push_back(tid); })) return;
  listed_ns_ = now;
  std::vector<pid_t> sorted(listed);
  std::sort(sorted.begin(), sorted.end());

  for (size_t i = tasks_.size(); i-- > 0;) {
    Task* task = tasks_[i];
    const bool is_listed = std::binary_search(sorted.begin(), sorted.end(), task->tid);
    if (!IsAlive(task, is_listed, now)) Remove(task);
  }

  std::vector<pid_t> known;
  known.reserve(tasks_.size());
  for (const Task* task : tasks_) known.push_back(task->tid);
  std::sort(known.begin(), known.end());
  for (pid_t tid : listed) {
    if (std::binary_search(known.begin(), known.end(), tid)) continue;
    auto stat = ReadStat(tid);
    if (stat && !IsLeaving(tid, stat->start_ticks)) Describe(Add(tid, stat->start_ticks));
  }
}

bool Registry::IsAlive(Task* task, bool listed, int64_t now) {
  // A listing skips live threads when others end under it (next_tid() in fs/proc/base.c), so that
  // only the clock tells who is gone.
  if (!listed) return ThreadCpuTime(task->tid, CpuClock::kSched) >= 0;
  // An open schedstat vouches for the thread at every look; the others are checked now and then for
  // a tid that has come back as another thread.
  if (task->schedstat_fd >= 0 || now - task->verified_ns <= kVerifyIntervalNs) return true;
  auto stat = ReadStat(task->tid);
  if (!stat) return true;  // out of descriptors, or gone: then the clock will say so
  task->verified_ns = now;
  if (!IsSameStart(task->start_ticks, stat->start_ticks)) return false;
  task->start_ticks = stat->start_ticks;
  return true;
}

bool Registry::IsLeaving(pid_t tid, uint64_t start_ticks) {
  return std::any_of(leaving_.begin(), leaving_.end(), [=](const Leaving& leaving) {
    return leaving.tid == tid && IsSameStart(leaving.start_ticks, start_ticks);
  });
}

void Registry::Describe(Task* task) {
  char comm[16] = "";
  ReadComm(task->tid, comm);
  const bool own_name = evidence_.IsOwnName(comm);
  Role role = task->tid == pid_ ? Role::kMain : own_name ? evidence_.FromName(comm) : Role::kOther;
  if (role == Role::kOther) {
    // What was told once stays told: a thread that is busy now does not show it again.
    role = task->role == Role::kOther ? evidence_.FromBehaviour(task->tid) : task->role;
  }
  const char* name = role != Role::kMain && own_name ? comm : RoleName(role);
  if (role == task->role && task->name == name) return;
  task->role = role;
  task->name = name;
  version_++;
}

void Registry::Settle(Task* task) {
  if (task->settled || task->registered || procfs_error_ != 0) return;
  // A thread names itself a moment after its creation, and shows its role once it waits for work.
  // Looked for at growing intervals: a description costs a hundred looks at the thread.
  const int64_t now = MonotonicNs();
  if (now < task->settle_at_ns) return;
  task->settle_wait_ns = std::clamp(task->settle_wait_ns * 2, kFirstSettleNs, kLongestSettleNs);
  task->settle_at_ns = now + task->settle_wait_ns;
  Describe(task);
  task->settled = task->role != Role::kOther && now - task->first_seen_ns > kNameSettlesNs;
}

bool Registry::SchedstatFd(Task* task, int* fd) {
  *fd = task->schedstat_fd;
  if (task->schedstat_fd >= 0 || procfs_error_ != 0 || open_fds_ >= fd_budget_) return true;
  task->schedstat_fd = *fd = OpenSchedstat(task->tid);
  if (*fd < 0) return true;
  open_fds_++;
  auto stat = ReadStat(task->tid);
  return !stat || IsSameStart(stat->start_ticks, task->start_ticks);
}

}  // namespace threadmeter

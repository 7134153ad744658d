// The one table of this process's threads. It outlives every environment: threads register when
// they load the addon, and what they used is kept when they end.
#ifndef THREADMETER_REGISTRY_H_
#define THREADMETER_REGISTRY_H_

#include <pthread.h>
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "clock.h"
#include "meter_header.h"
#include "procfs.h"
#include "roles.h"

struct uv_loop_s;

namespace threadmeter {

constexpr int kNoThreadId = -1;

struct Task {
  uint64_t uid;  // identity within this process, never used twice: a tid is
  pid_t tid;
  uint64_t start_ticks = 0;  // 0: unknown
  Role role = Role::kOther;
  bool named = false;
  std::string name;

  // Of JavaScript threads that loaded the addon.
  bool registered = false;
  bool listed_before = false;  // looks may have seen it before it registered
  int thread_id = kNoThreadId;
  int ended_slot = 0;
  const uv_loop_s* loop = nullptr;
  int64_t loop_since_ns = 0;
  int64_t loop_idle_at_start_ns = 0;
  MeterHeader meter;

  // Of the readings.
  int64_t cpu_ns = 0;
  MonotonicSplit split;
  int64_t run_delay_ns = -1;
  int schedstat_fd = -1;
  int64_t split_at_ns = -1;      // CPU time at which the split was read
  int64_t run_delay_at_ns = -1;  // and the run delay
  bool settled = false;
  int64_t settle_wait_ns = 0;
  int64_t settle_at_ns = 0;
  int64_t first_seen_ns = 0;
  int64_t verified_ns = 0;
};

// Whether two start times can be of the same thread: what is not known cannot differ.
inline bool IsSameStart(uint64_t one, uint64_t other) {
  return one == 0 || other == 0 || one == other;
}

// What the ended threads of one name used.
struct EndedTotals {
  std::string name;  // empty: threads without a name of their own
  int64_t threads = 0;
  CpuSplit cpu;
  int64_t cpu_ns = 0;
  int64_t run_delay_ns = 0;
  int64_t voluntary_switches = 0;
  int64_t involuntary_switches = 0;
};

// A thread that ended and that looks may have seen before it registered: only this tells them where
// what it used went.
struct LateEnding {
  uint64_t uid;
  int ended_slot;
};

class Registry {
 public:
  // Of this process: a child of fork() finds a fresh one, since its parent's tids are not its own.
  static Registry& Get();

  // Enters the calling thread; `name` may be empty. Returns its uid.
  uint64_t RegisterThread(bool is_main, int thread_id, const char* name, const uv_loop_s* loop);

  // The calling thread's environment is being torn down: its loop must not be read any more. The
  // thread itself goes on being read until it is gone.
  static void DetachLoop(uint64_t uid);

  // Gives the calling thread a kernel name. False when it is the process's first thread, whose name
  // is the process's.
  static bool RenameThread(const char* name);

  // What the calling thread was entered for turns out to be another thing.
  static void TakeRole(uint64_t uid, Role role);

  // Maps the header of the calling thread's meter file, in which its end will be told, in place of
  // the one before; -1: none any more. 0, or an errno.
  static int BindMeter(uint64_t uid, int fd);

  class Lock {
   public:
    explicit Lock(Registry& registry) : registry_(registry) {
      pthread_mutex_lock(&registry_.mutex_);
    }
    ~Lock() { pthread_mutex_unlock(&registry_.mutex_); }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

   private:
    Registry& registry_;
  };

  // What follows is for holders of a Lock.

  const std::vector<Task*>& tasks() const { return tasks_; }
  const std::vector<EndedTotals>& ended() const { return ended_; }
  const std::vector<LateEnding>& late_endings() const { return late_endings_; }
  uint64_t version() const { return version_; }
  uint64_t ended_version() const { return ended_version_; }
  int procfs_error() const { return procfs_error_; }

  // Brings the table up to date where the number of threads says that it is not.
  void Refresh();
  // The same, whatever the number says.
  void Relist();

  // Drops a thread that the kernel no longer knows.
  void Remove(Task* task);

  // The thread's schedstat, opened if it is not open and the budget of descriptors allows; else -1.
  // False when the tid is another thread's by now.
  bool SchedstatFd(Task* task, int* fd);

  // Once for each task and look: settles what could not be known at first sight.
  void Settle(Task* task);

  // Where the threads of this process keep their meter files; empty: nowhere.
  std::string runtime_directory;

  // Kept so that the parts of the process's CPU time never go down.
  MonotonicSplit exited_cpu;

 private:
  explicit Registry(pid_t pid);
  Task* Find(pid_t tid);
  Task* Add(pid_t tid, uint64_t start_ticks);
  void Describe(Task* task);
  bool IsAlive(Task* task, bool listed, int64_t now);
  bool IsLeaving(pid_t tid, uint64_t start_ticks);
  Task* FindOwn(uint64_t uid);
  void FoldIntoEnded(Task* task, const ThreadUsage* usage);
  int EndedSlot(const std::string& name);
  static void OnThreadExit(void* uid);

  const pid_t pid_;
  pthread_mutex_t mutex_;
  std::vector<Task*> tasks_;  // in the order of their uid
  std::vector<EndedTotals> ended_;
  std::vector<LateEnding> late_endings_;  // the last ones
  // Threads past their exit hook that the kernel still lists: they are counted as ended already.
  struct Leaving {
    pid_t tid;
    uint64_t start_ticks;
  };
  std::vector<Leaving> leaving_;
  int64_t listed_ns_ = 0;
  uint64_t next_uid_ = 1;
  uint64_t version_ = 1;
  uint64_t ended_version_ = 1;
  TaskDirectory directory_;
  int procfs_error_ = 0;
  int open_fds_ = 0;
  int fd_budget_ = 0;
  RoleEvidence evidence_;
};

}  // namespace threadmeter

#endif  // THREADMETER_REGISTRY_H_

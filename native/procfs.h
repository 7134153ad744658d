// Reads of /proc/self/task: this process's own threads, whichever PID namespace it runs in.
#ifndef THREADMETER_PROCFS_H_
#define THREADMETER_PROCFS_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "procfs_parse.h"

namespace threadmeter {

// Each reads one file of one thread; nothing when the thread is gone or the file cannot be read.
std::optional<TaskStat> ReadStat(pid_t tid);
std::optional<TaskStatus> ReadStatus(pid_t tid);
std::optional<TaskSyscall> ReadSyscall(pid_t tid);

// The thread's kernel name (comm), at most 15 bytes; false when it cannot be read.
bool ReadComm(pid_t tid, char (&name)[16]);

// A schedstat file kept open: a third of the cost of opening it each time, and it names one thread
// for good: after that thread's death it fails with ESRCH even if its tid is used again.
int OpenSchedstat(pid_t tid);
std::optional<TaskSchedstat> ReadSchedstat(int fd);

// The calling thread's own run-queue delay in ns; -1 when the kernel does not say.
int64_t OwnRunDelay();

// The list of this process's threads, kept open.
class TaskDirectory {
 public:
  // 0, or the errno with which /proc/self/task refused.
  int Open();
  void Close();
  bool is_open() const { return fd_ >= 0; }

  // The number of threads by the directory's link count: one system call instead of a listing. -1
  // when this /proc keeps no such count.
  int ThreadCount() const;

  template <typename Visit>
  bool ForEachTid(Visit visit) {
    if (!Rewind()) return false;
    while (const char* name = NextEntry()) {
      if (auto tid = ParseTid(name)) visit(static_cast<pid_t>(*tid));
    }
    return !failed_;
  }

 private:
  bool Rewind();
  const char* NextEntry();

  int fd_ = -1;
  bool failed_ = false;
  int filled_ = 0;
  int offset_ = 0;
  alignas(8) char buffer_[4096];
};

// Whether the tids that /proc lists are those of this process's PID namespace (they are not when a
// container sees the /proc of its host). 0, or the errno that stands for the reason.
int CheckProcNamespace();

}  // namespace threadmeter

#endif  // THREADMETER_PROCFS_H_

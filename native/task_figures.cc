#include "task_figures.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

#include "clock.h"
#include "procfs_parse.h"

namespace threadmeter {
namespace {

// The folder of one thread, which names that thread for good: once it has ended, nothing can be
// read through it even if its tid is used again.
class TaskFolder {
 public:
  TaskFolder(pid_t pid, pid_t tid) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d", static_cast<int>(pid), static_cast<int>(tid));
    fd_ = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    NoteError(fd_);
  }
  ~TaskFolder() {
    if (fd_ >= 0) close(fd_);
  }
  TaskFolder(const TaskFolder&) = delete;
  TaskFolder& operator=(const TaskFolder&) = delete;

  bool is_open() const { return fd_ >= 0; }

  // By the last call: want of descriptors or of permission says nothing about the thread.
  bool is_gone() const { return error_ == ESRCH || error_ == ENOENT; }

  std::string_view Read(const char* file, char* buffer, size_t size) {
    const int fd = openat(fd_, file, O_RDONLY | O_CLOEXEC);
    NoteError(fd);
    if (fd < 0) return {};
    const ssize_t length = read(fd, buffer, size);
    NoteError(length);
    close(fd);
    return {buffer, static_cast<size_t>(std::max<ssize_t>(length, 0))};
  }

 private:
  void NoteError(int64_t result) { error_ = result < 0 ? errno : 0; }

  int fd_;
  int error_ = 0;
};

double TicksToNs(uint64_t ticks) {
  return static_cast<double>(ticks) * static_cast<double>(kNsPerSecond) /
         static_cast<double>(sysconf(_SC_CLK_TCK));
}

bool ReadSchedstat(TaskFolder* folder, double* figures) {
  char buffer[96];
  const auto schedstat = ParseSchedstat(folder->Read("schedstat", buffer, sizeof buffer));
  if (!schedstat || !schedstat->is_kept()) return false;
  figures[kTaskCpu] = static_cast<double>(schedstat->run_ns);
  figures[kTaskRunDelay] = static_cast<double>(schedstat->wait_ns);
  if (schedstat->timeslices) figures[kTaskTimeslices] = static_cast<double>(*schedstat->timeslices);
  return true;
}

void ReadStat(TaskFolder* folder, bool with_cpu, double* figures) {
  char buffer[1024];
  const auto stat = ParseStat(folder->Read("stat", buffer, sizeof buffer));
  if (!stat) return;
  figures[kTaskStart] = static_cast<double>(stat->start_ticks);
  figures[kTaskUser] = static_cast<double>(stat->user_ticks);
  figures[kTaskSystem] = static_cast<double>(stat->system_ticks);
  figures[kTaskState] = stat->state;
  if (stat->processor) figures[kTaskProcessor] = *stat->processor;
  if (with_cpu) figures[kTaskCpu] = TicksToNs(stat->user_ticks + stat->system_ticks);
}

void ReadStatus(TaskFolder* folder, double* figures) {
  char buffer[8192];  // as in procfs.cc
  const auto status = ParseStatus(folder->Read("status", buffer, sizeof buffer));
  if (!status) return;
  figures[kTaskVoluntary] = static_cast<double>(status->voluntary_switches);
  figures[kTaskInvoluntary] = static_cast<double>(status->involuntary_switches);
}

}  // namespace

bool ReadTaskFigures(pid_t pid, pid_t tid, unsigned files, double* figures) {
  std::fill_n(figures, kTaskFigures, std::numeric_limits<double>::quiet_NaN());
  TaskFolder folder(pid, tid);
  if (!folder.is_open()) return !folder.is_gone();
  // stat is there for every thread: without schedstat it tells whether the thread is.
  const bool has_schedstat = ReadSchedstat(&folder, figures);
  if (!has_schedstat || (files & kTaskStatFile) != 0) ReadStat(&folder, !has_schedstat, figures);
  if ((files & kTaskStatusFile) != 0) ReadStatus(&folder, figures);
  return !folder.is_gone();
}

}  // namespace threadmeter

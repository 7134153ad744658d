// What /proc says of one thread of any process of the caller's PID namespace.
#ifndef THREADMETER_TASK_FIGURES_H_
#define THREADMETER_TASK_FIGURES_H_

#include <sys/types.h>

#include <cstddef>

namespace threadmeter {

enum TaskFigure : size_t {
  kTaskCpu,       // ns
  kTaskRunDelay,  // ns
  kTaskTimeslices,
  kTaskStart,   // clock ticks after boot
  kTaskUser,    // clock ticks
  kTaskSystem,  // clock ticks
  kTaskState,   // character code
  kTaskProcessor,
  kTaskVoluntary,
  kTaskInvoluntary,
  kTaskFigures
};

// Files that are read beside schedstat.
enum TaskFile : unsigned { kTaskStatFile = 1, kTaskStatusFile = 2 };

// Reads the thread into `figures` (kTaskFigures doubles, NaN for what was not or could not be
// read); all of it is of one thread, also when its tid is used again meanwhile. False when the
// thread is gone. A kernel that keeps no schedstat gives the CPU time in clock ticks, and no run
// delay.
bool ReadTaskFigures(pid_t pid, pid_t tid, unsigned files, double* figures);

}  // namespace threadmeter

#endif  // THREADMETER_TASK_FIGURES_H_

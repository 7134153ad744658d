// One look at every thread of the process.
#ifndef THREADMETER_TASKS_H_
#define THREADMETER_TASKS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "registry.h"

namespace threadmeter {

// The columns of a row; the same order stands in lib/cpu/row.ts.
enum Column : size_t {
  kUid,
  kTid,
  kThreadId,
  kRole,
  kStartTime,
  kCpuTime,
  kUser,
  kSystem,
  kRunDelay,
  kIdle,
  kActive,
  kVoluntary,
  kInvoluntary,
  kState,
  kColumns
};

// What a look reads beside the exact CPU time and the event loops; each costs system calls.
enum LookFlags : unsigned {
  kWithSplit = 1,
  kWithRunDelay = 2,
  kWithSwitches = 4,
  kWithState = 8,
  kWithEnded = 16,
  kWithProcess = 32
};

struct Identity {
  uint64_t uid;
  pid_t tid;
  int thread_id;
  Role role;
  int ended_slot;
  double start_time_ms;
  std::string name;
};

struct Look {
  size_t threads = 0;  // may be more than there was room for
  uint64_t version = 0;
  uint64_t ended_version = 0;
  int64_t taken_ns = 0;
  CpuSplit process;
  // Filled only when they differ from the versions the caller knows.
  std::vector<Identity> identities;
  std::vector<EndedTotals> ended;
  std::vector<LateEnding> late_endings;
};

// Reads every thread into `rows` (kColumns doubles each, NaN for what is not known or not asked
// for) in the order of their uids. No thread but the caller runs for it.
void TakeLook(double* rows, size_t capacity, unsigned flags, uint64_t known_version,
              uint64_t known_ended_version, Look* look);

struct ProcessParts {
  CpuSplit main, workers, helpers, exited, total;
};

// Where the process's CPU time went. What the kernel counts for the process and no live thread
// accounts for was used by threads that have ended. False when /proc cannot be read.
bool ReadProcessParts(ProcessParts* parts);

// Whether the thread is waiting for a processor at this moment: runnable without getting on.
bool IsWaitingForCpu(pid_t tid);

}  // namespace threadmeter

#endif  // THREADMETER_TASKS_H_

// CPU clocks of threads and of the process, and the user/system split of their readings.
#ifndef THREADMETER_CLOCK_H_
#define THREADMETER_CLOCK_H_

#include <sys/types.h>

#include <cstdint>

namespace threadmeter {

constexpr int64_t kNsPerMicro = 1000;
constexpr int64_t kNsPerSecond = 1000000000;

// The three clocks the kernel keeps per thread (include/linux/posix-timers.h).
// kSched is exact to the nanosecond, the other two count timer ticks.
enum class CpuClock : unsigned { kProf = 0, kVirt = 1, kSched = 2 };

// CPU time of the calling thread in ns.
int64_t OwnThreadCpuTime();

// CPU time in ns of any thread of this process, running or not; -1 when no such thread exists.
int64_t ThreadCpuTime(pid_t tid, CpuClock clock);

int64_t MonotonicNs();

struct CpuSplit {
  int64_t user_us = 0;
  int64_t system_us = 0;
};

// Divides an exact total into user and system so that the parts add up to it and neither goes down:
// the total is exact, the division is a sample of timer ticks that may wander in both directions.
class MonotonicSplit {
 public:
  CpuSplit Advance(int64_t total_us, int64_t user_estimate_us);
  const CpuSplit& last() const { return last_; }

 private:
  CpuSplit last_;
};

// `total` divided as `part` is to `whole`, without overflow; 0 when `whole` is 0.
int64_t Proportion(int64_t total, int64_t part, int64_t whole);

struct ThreadUsage {
  int64_t cpu_ns;
  CpuSplit cpu;  // the same, in parts
  int64_t minor_faults, major_faults;
  int64_t voluntary_switches, involuntary_switches;
  int64_t block_input, block_output;
};

// The calling thread's usage: its clock first, then getrusage(RUSAGE_THREAD). Reading the clock
// makes the kernel account the slice that is running, so getrusage is then current instead of up to
// a timer tick old.
ThreadUsage OwnThreadUsage(MonotonicSplit* split);

// getrusage(RUSAGE_SELF): what process.cpuUsage() reports.
CpuSplit ProcessCpu();

}  // namespace threadmeter

#endif  // THREADMETER_CLOCK_H_

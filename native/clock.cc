#include "clock.h"

#include <sys/resource.h>
#include <time.h>

#include <algorithm>

namespace threadmeter {
namespace {

int64_t ReadClock(clockid_t id) {
  timespec time;
  if (clock_gettime(id, &time) != 0) return -1;
  return static_cast<int64_t>(time.tv_sec) * kNsPerSecond + time.tv_nsec;
}

int64_t Micros(const timeval& time) {
  return static_cast<int64_t>(time.tv_sec) * 1000000 + time.tv_usec;
}

}  // namespace

int64_t OwnThreadCpuTime() { return ReadClock(CLOCK_THREAD_CPUTIME_ID); }

int64_t ThreadCpuTime(pid_t tid, CpuClock clock) {
  // A tid of 0 would read the caller's own clock and -1 a wall clock (clock_getres(2), "dynamic
  // clocks"); one of more bits than the clock's id has room for, any clock at all.
  constexpr pid_t kTidLimit = 1 << 29;
  if (tid <= 0 || tid >= kTidLimit) return -1;
  constexpr unsigned kPerThread = 4;
  unsigned id = (~static_cast<unsigned>(tid) << 3) | kPerThread | static_cast<unsigned>(clock);
  return ReadClock(static_cast<clockid_t>(id));
}

int64_t MonotonicNs() { return ReadClock(CLOCK_MONOTONIC); }

int64_t Proportion(int64_t total, int64_t part, int64_t whole) {
  if (whole <= 0) return 0;
  return static_cast<int64_t>(static_cast<__int128>(total) * part / whole);
}

CpuSplit MonotonicSplit::Advance(int64_t total_us, int64_t user_estimate_us) {
  total_us = std::max(total_us, last_.user_us + last_.system_us);
  last_.user_us = std::clamp(user_estimate_us, last_.user_us, total_us - last_.system_us);
  last_.system_us = total_us - last_.user_us;
  return last_;
}

ThreadUsage OwnThreadUsage(MonotonicSplit* split) {
  const int64_t cpu_ns = OwnThreadCpuTime();
  rusage usage;
  getrusage(RUSAGE_THREAD, &usage);
  return {cpu_ns,           split->Advance(cpu_ns / kNsPerMicro, Micros(usage.ru_utime)),
          usage.ru_minflt,  usage.ru_majflt,
          usage.ru_nvcsw,   usage.ru_nivcsw,
          usage.ru_inblock, usage.ru_oublock};
}

CpuSplit ProcessCpu() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return {Micros(usage.ru_utime), Micros(usage.ru_stime)};
}

}  // namespace threadmeter

// What the tests of the registry stand on: event loops that are really freed, a monotonic clock
// that can be moved on, and an observer that checks every look it takes.
#ifndef THREADMETER_TEST_NATIVE_HARNESS_H_
#define THREADMETER_TEST_NATIVE_HARNESS_H_

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "../../native/tasks.h"
#include "check.h"

// libuv's loop, as far as the native code looks into it.
struct uv_loop_s {
  uint64_t idle_ns;
};

// Added to CLOCK_MONOTONIC as the code under test sees it.
extern std::atomic<int64_t> monotonic_shift_ns;

// Faults, each of one thread: a listing of /proc/self/task skips it; its CPU clock refuses; or it
// is read that many times more, and is gone after that.
extern std::atomic<pid_t> hidden_tid;
extern std::atomic<pid_t> clockless_tid;
extern std::atomic<pid_t> doomed_tid;
extern std::atomic<int> doomed_readings;

// Takes looks as lib/cpu/look.ts does, and keeps to its bookkeeping: a row must have an identity.
class Observer {
 public:
  struct Row {
    uint64_t uid;
    pid_t tid;
    int thread_id;  // kNoThreadId: not registered
    threadmeter::Role role;
    double start_time;
    double cpu_ns;
    double run_delay_ns;
    std::string name;
  };

  const std::vector<Row>& Take(unsigned flags);
  const Row* Find(pid_t tid) const;
  const std::vector<threadmeter::EndedTotals>& ended() const { return look_.ended; }

 private:
  std::vector<double> values_;
  std::vector<Row> rows_;
  threadmeter::Look look_;
  std::map<uint64_t, threadmeter::Identity> identities_;
  std::map<uint64_t, double> cpu_ns_;
};

int64_t MicrosOf(const threadmeter::CpuSplit& split);

#endif  // THREADMETER_TEST_NATIVE_HARNESS_H_

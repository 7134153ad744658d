// The arithmetic of native/clock.cc under random input, and its clocks beside other readings of the
// same thread.
#include "../../native/clock.h"

#include <limits.h>
#include <string.h>
#include <sys/resource.h>

#include <algorithm>
#include <random>
#include <thread>

#include "check.h"

using namespace threadmeter;

namespace {

void TestProportion() {
  CHECK(Proportion(100, 1, 0) == 0, "no whole");
  CHECK(Proportion(100, 1, -5) == 0, "negative whole");
  CHECK(Proportion(0, 7, 9) == 0, "no total");
  CHECK(Proportion(INT64_MAX, INT64_MAX, INT64_MAX) == INT64_MAX, "no overflow at the limit");
  CHECK(Proportion(INT64_MAX, 1, INT64_MAX) == 1, "smallest part");
  CHECK(Proportion(INT64_MAX, INT64_MAX - 1, INT64_MAX) == INT64_MAX - 1, "largest part");
  std::mt19937_64 random(20260101);
  for (int i = 0; i < 200000; i++) {
    const auto total = static_cast<int64_t>(random() >> (1 + random() % 63));
    const auto whole = static_cast<int64_t>(random() >> (1 + random() % 63));
    if (whole == 0) continue;
    const auto part = static_cast<int64_t>(random() % (static_cast<uint64_t>(whole) + 1));
    const int64_t share = Proportion(total, part, whole);
    CHECK(share >= 0 && share <= total, "%ld of %ld", share, total);
    const long double exact = static_cast<long double>(total) * part / whole;
    CHECK(share <= exact + 1 && share >= exact - 2, "%ld instead of %Lf", share, exact);
  }
}

void TestMonotonicSplit() {
  std::mt19937_64 random(20260102);
  for (int sequence = 0; sequence < 2000; sequence++) {
    MonotonicSplit split;
    CpuSplit before;
    int64_t total = 0;
    for (int step = 0; step < 100; step++) {
      // Totals that go up, stand still and go down; estimates out of every range.
      total += static_cast<int64_t>(random() % 2001) - 200;
      const int64_t estimate = random() % 4 == 0
                                   ? static_cast<int64_t>(random() >> 2) - (INT64_MAX >> 2)
                                   : total * static_cast<int64_t>(random() % 101) / 100;
      const CpuSplit now = split.Advance(total, estimate);
      CHECK(now.user_us >= before.user_us && now.system_us >= before.system_us, "a part went down");
      const int64_t sum = now.user_us + now.system_us;
      CHECK(sum == std::max(total, before.user_us + before.system_us), "parts do not add up");
      CHECK(split.last().user_us == now.user_us, "last() differs");
      before = now;
    }
  }
  MonotonicSplit exact;
  CHECK(exact.Advance(1000, 400).user_us == 400, "an estimate in range is taken as it is");
  CHECK(exact.Advance(2000, 1500).system_us == 600, "system keeps what it had");
  MonotonicSplit extreme;
  CHECK(extreme.Advance(INT64_MAX, INT64_MIN).user_us == 0, "estimate under the range");
  CHECK(extreme.Advance(0, INT64_MAX).system_us == INT64_MAX, "total under the range");
}

// The run time that the scheduler reports, the first figure of schedstat.
int64_t SchedstatRunNs(pid_t tid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%d/schedstat", tid);
  FILE* file = fopen(path, "r");
  if (file == nullptr) return -1;
  long long run = -1;
  if (fscanf(file, "%lld", &run) != 1) run = -1;
  fclose(file);
  return run;
}

void TestClocksOfOthers() {
  std::atomic<pid_t> tid{0};
  std::atomic<int64_t> own{0};
  std::atomic<bool> stop{false};
  std::thread thread([&] {
    Burn(20000);
    own = ClockNs(CLOCK_THREAD_CPUTIME_ID);
    tid = Tid();
    while (!stop) usleep(1000);
  });
  while (tid == 0) usleep(1000);
  const int64_t seen = ThreadCpuTime(tid, CpuClock::kSched);
  const int64_t scheduler = SchedstatRunNs(tid);
  CHECK(seen >= own, "%ld from outside, %ld from inside", seen, own.load());
  CHECK(scheduler >= seen && scheduler - seen < 5000000, "%ld by schedstat, %ld by clock",
        scheduler, seen);
  const int64_t user = ThreadCpuTime(tid, CpuClock::kVirt);
  const int64_t both = ThreadCpuTime(tid, CpuClock::kProf);
  CHECK(user >= 0 && user <= both, "%ld of %ld ns in ticks", user, both);
  stop = true;
  thread.join();
  // The tid goes a moment after pthread_join().
  for (int i = 0; i < 1000 && ThreadCpuTime(tid, CpuClock::kSched) >= 0; i++) usleep(1000);
  CHECK(ThreadCpuTime(tid, CpuClock::kSched) == -1, "a dead thread has no clock");
}

void TestTidsThatAreNone() {
  for (pid_t tid : {0, -1, -2, INT_MIN, INT_MAX, 1 << 29, getppid()}) {
    CHECK(ThreadCpuTime(tid, CpuClock::kSched) == -1, "tid %d has a clock", tid);
  }
}

void TestOwnUsage() {
  MonotonicSplit split;
  int zero = 0;
  for (int i = 0; i < 200; i++) {
    const ThreadUsage before = OwnThreadUsage(&split);
    Burn(1000);
    const ThreadUsage after = OwnThreadUsage(&split);
    const int64_t grown =
        after.cpu.user_us + after.cpu.system_us - before.cpu.user_us - before.cpu.system_us;
    if (grown <= 0) zero++;
    CHECK(grown >= 1000 - 2, "a burn of 1 ms reads as %ld us", grown);
    CHECK(after.voluntary_switches >= before.voluntary_switches, "switches went down");
  }
  CHECK(zero == 0, "%d burns of 1 ms read as nothing", zero);
  rusage usage;
  getrusage(RUSAGE_THREAD, &usage);
  const ThreadUsage now = OwnThreadUsage(&split);
  CHECK(now.minor_faults >= usage.ru_minflt && now.minor_faults < usage.ru_minflt + 1000,
        "%ld and %ld faults", now.minor_faults, usage.ru_minflt);
}

}  // namespace

int main() {
  TestProportion();
  TestMonotonicSplit();
  TestClocksOfOthers();
  TestTidsThatAreNone();
  TestOwnUsage();
  return Finish("clock_test");
}

#include "harness.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>

using threadmeter::kColumns;

std::atomic<int64_t> monotonic_shift_ns{0};
std::atomic<pid_t> hidden_tid{0};
std::atomic<pid_t> clockless_tid{0};
std::atomic<pid_t> doomed_tid{0};
std::atomic<int> doomed_readings{0};

namespace {

// The thread whose CPU clock this is (include/linux/posix-timers.h); 0 for other clocks.
pid_t TidOf(clockid_t clock) { return clock < 0 && (clock & 4) != 0 ? ~(clock >> 3) : 0; }

bool IsHidden(const char* name) {
  const pid_t tid = atoi(name);
  return tid != 0 && (tid == hidden_tid || (tid == doomed_tid && doomed_readings <= 0));
}

// Takes the entries of hidden threads out of what getdents64(2) returned.
long WithoutHidden(char* entries, long filled) {
  constexpr long kLengthAt = 16;
  constexpr long kNameAt = 19;
  for (long at = 0; at < filled;) {
    uint16_t length;
    memcpy(&length, entries + at + kLengthAt, sizeof length);
    if (IsHidden(entries + at + kNameAt)) {
      memmove(entries + at, entries + at + length, static_cast<size_t>(filled - at - length));
      filled -= length;
    } else {
      at += length;
    }
  }
  return filled;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const pid_t tid = TidOf(clock);
  const bool is_doomed = tid != 0 && tid == doomed_tid && doomed_readings-- <= 0;
  if (is_doomed || (tid != 0 && tid == clockless_tid)) {
    errno = EINVAL;
    return -1;
  }
  const long result = RawSyscall(SYS_clock_gettime, clock, reinterpret_cast<long>(time), 0);
  if (result == 0 && clock == CLOCK_MONOTONIC) {
    time->tv_sec += monotonic_shift_ns.load() / 1000000000;
  }
  return static_cast<int>(result);
}

// The code under test makes those system calls by number that it cannot make by name.
long syscall(long number, ...) noexcept {
  va_list list;
  va_start(list, number);
  const long a = va_arg(list, long);
  const long b = va_arg(list, long);
  const long c = va_arg(list, long);
  va_end(list);
  const long result = RawSyscall(number, a, b, c);
  if (number != SYS_getdents64 || result <= 0) return result;
  return WithoutHidden(reinterpret_cast<char*>(b), result);
}

uint64_t uv_metrics_idle_time(const uv_loop_s* loop) { return loop->idle_ns; }

}  // extern "C"

const std::vector<Observer::Row>& Observer::Take(unsigned flags) {
  const uint64_t known = look_.version;
  do {
    if (look_.threads * kColumns > values_.size()) values_.resize(look_.threads * 2 * kColumns);
    threadmeter::TakeLook(values_.data(), values_.size() / kColumns, flags, known, 0, &look_);
  } while (look_.threads * kColumns > values_.size());
  if (look_.version != known) {
    identities_.clear();
    for (const auto& identity : look_.identities) identities_.insert({identity.uid, identity});
  }

  rows_.clear();
  std::map<uint64_t, double> cpu_ns;
  for (size_t i = 0; i < look_.threads; i++) {
    const double* row = &values_[i * kColumns];
    const auto uid = static_cast<uint64_t>(row[threadmeter::kUid]);
    CHECK(rows_.empty() || rows_.back().uid < uid, "rows are not in the order of their uids");
    auto identity = identities_.find(uid);
    CHECK(identity != identities_.end(), "a row without an identity: uid %lu", uid);
    if (identity == identities_.end()) continue;
    const double used = row[threadmeter::kCpuTime];
    CHECK(used >= 0 && used >= cpu_ns_[uid], "CPU time went down: %f", used);
    cpu_ns[uid] = used;
    if (row[threadmeter::kIdle] >= 0) {
      CHECK(row[threadmeter::kActive] >= 0, "a loop was active for %f", row[threadmeter::kActive]);
    }
    rows_.push_back({uid, static_cast<pid_t>(row[threadmeter::kTid]), identity->second.thread_id,
                     static_cast<threadmeter::Role>(static_cast<int>(row[threadmeter::kRole])),
                     row[threadmeter::kStartTime], used, row[threadmeter::kRunDelay],
                     identity->second.name});
  }
  cpu_ns_ = std::move(cpu_ns);
  return rows_;
}

const Observer::Row* Observer::Find(pid_t tid) const {
  auto found = std::find_if(rows_.begin(), rows_.end(), [=](const Row& r) { return r.tid == tid; });
  return found == rows_.end() ? nullptr : &*found;
}

int64_t MicrosOf(const threadmeter::CpuSplit& split) { return split.user_us + split.system_us; }

// What the native tests share: a check that reports and counts, and burns of a known length.
#ifndef THREADMETER_TEST_NATIVE_CHECK_H_
#define THREADMETER_TEST_NATIVE_CHECK_H_

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

inline std::atomic<int> failures{0};

// The first failures of each check are shown, all are counted.
#define CHECK(condition, ...)                                         \
  do {                                                                \
    static std::atomic<int> shown{0};                                 \
    if (!(condition) && ++failures && shown.fetch_add(1) < 3) {       \
      fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition); \
      fprintf(stderr, __VA_ARGS__);                                   \
      fputc('\n', stderr);                                            \
    }                                                                 \
  } while (false)

inline int Finish(const char* name) {
  if (failures != 0) fprintf(stderr, "%s: %d checks failed\n", name, failures.load());
  return failures == 0 ? 0 : 1;
}

// The system call itself, past whatever stands in for syscall() and clock_gettime().
inline long RawSyscall(long number, long a, long b, long c) {
  long result;
#if defined(__x86_64__)
  asm volatile("syscall"
               : "=a"(result)
               : "0"(number), "D"(a), "S"(b), "d"(c)
               : "rcx", "r11", "memory");
#elif defined(__aarch64__)
  register long x8 asm("x8") = number;
  register long x0 asm("x0") = a;
  register long x1 asm("x1") = b;
  register long x2 asm("x2") = c;
  asm volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
  result = x0;
#else
#error "no system call for this CPU"
#endif
  if (result >= 0 || result < -4095) return result;
  errno = static_cast<int>(-result);
  return -1;
}

inline pid_t Tid() { return static_cast<pid_t>(RawSyscall(SYS_gettid, 0, 0, 0)); }

inline int64_t ClockNs(clockid_t clock) {
  timespec time;
  RawSyscall(SYS_clock_gettime, clock, reinterpret_cast<long>(&time), 0);
  return static_cast<int64_t>(time.tv_sec) * 1000000000 + time.tv_nsec;
}

// Uses `micros` of CPU time, whatever else runs; returns what it really was.
inline int64_t Burn(int64_t micros) {
  const int64_t start = ClockNs(CLOCK_THREAD_CPUTIME_ID);
  while (ClockNs(CLOCK_THREAD_CPUTIME_ID) - start < micros * 1000) {
  }
  return ClockNs(CLOCK_THREAD_CPUTIME_ID) - start;
}

inline int OpenDescriptors() {
  DIR* directory = opendir("/proc/self/fd");
  if (directory == nullptr) return -1;
  int count = 0;
  while (readdir(directory) != nullptr) count++;
  closedir(directory);
  return count - 3;  // ".", ".." and the listing's own
}

#endif  // THREADMETER_TEST_NATIVE_CHECK_H_

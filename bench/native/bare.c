// The bare system calls, in loops, in this very process: what the benchmarks compare with, and an
// independent clock of the process. The few Node-API declarations stand here (the ABI is stable),
// so that a C compiler is all it takes.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

typedef struct napi_env__* napi_env;
typedef struct napi_value__* napi_value;
typedef struct napi_callback_info__* napi_callback_info;
typedef napi_value (*napi_callback)(napi_env, napi_callback_info);
extern int napi_create_function(napi_env, const char*, size_t, napi_callback, void*, napi_value*);
extern int napi_set_named_property(napi_env, napi_value, const char*, napi_value);
extern int napi_get_cb_info(napi_env, napi_callback_info, size_t*, napi_value*, napi_value*,
                            void**);
extern int napi_get_value_double(napi_env, napi_value, double*);
extern int napi_create_double(napi_env, double, napi_value*);
extern int napi_get_typedarray_info(napi_env, napi_value, int*, size_t*, void**, napi_value*,
                                    size_t*);

#define MAX_THREADS 4096

// Written so that no loop can be optimized away.
static volatile int64_t sink;

static int64_t clock_ns(clockid_t id) {
  struct timespec time;
  if (clock_gettime(id, &time) != 0) return -1;
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

// include/linux/posix-timers.h: 4 is per thread, 2 the scheduler's clock.
static clockid_t thread_clock(int32_t tid) { return (clockid_t)((~(unsigned)tid << 3) | 6); }

static void own_clock(void) { sink = clock_ns(CLOCK_THREAD_CPUTIME_ID); }

static void own_rusage(void) {
  struct rusage usage;
  getrusage(RUSAGE_THREAD, &usage);
  sink = usage.ru_utime.tv_usec;
}

static void own_clock_and_rusage(void) {
  own_clock();
  own_rusage();
}

static void read_kept_open(const char* path, int* fd) {
  char text[1024];
  if (*fd < 0) *fd = open(path, O_RDONLY | O_CLOEXEC);
  sink = pread(*fd, text, sizeof text, 0);
}

static void own_schedstat(void) {
  static int fd = -1;
  read_kept_open("/proc/thread-self/schedstat", &fd);
}

static void own_stat(void) {
  static int fd = -1;
  read_kept_open("/proc/thread-self/stat", &fd);
}

static void nothing(void) {}

// The callback's data is what to do as many times as the only argument says.
static napi_value repeat(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  void* operation;
  double times;
  napi_get_cb_info(env, info, &count, &argument, NULL, &operation);
  napi_get_value_double(env, argument, &times);
  for (int64_t i = 0; i < (int64_t)times; i++) ((void (*)(void))operation)();
  return NULL;
}

// The clock of each thread, and its kept-open schedstat where there are descriptors.
static void look(const int32_t* tids, const int* fds, size_t threads) {
  char text[96];
  for (size_t i = 0; i < threads; i++) {
    sink = clock_ns(thread_clock(tids[i]));
    if (fds != NULL) sink = pread(fds[i], text, sizeof text, 0);
  }
}

// The kept-open schedstat of each thread; opened anew when the threads are others than before.
static const int* open_schedstats(const int32_t* tids, size_t threads) {
  static int32_t known[MAX_THREADS];
  static int fds[MAX_THREADS];
  static size_t open_fds = 0;
  if (threads == open_fds && memcmp(tids, known, threads * sizeof *tids) == 0) return fds;
  while (open_fds > 0) close(fds[--open_fds]);
  for (; open_fds < threads; open_fds++) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/schedstat", tids[open_fds]);
    fds[open_fds] = open(path, O_RDONLY | O_CLOEXEC);
    known[open_fds] = tids[open_fds];
  }
  return fds;
}

// (times, tids: Int32Array); the callback's data says whether schedstat is read too.
static napi_value look_at_threads(napi_env env, napi_callback_info info) {
  size_t count = 2, threads;
  napi_value arguments[2];
  void *with_schedstat, *tids;
  double times;
  napi_get_cb_info(env, info, &count, arguments, NULL, &with_schedstat);
  napi_get_value_double(env, arguments[0], &times);
  napi_get_typedarray_info(env, arguments[1], NULL, &threads, &tids, NULL, NULL);
  if (threads > MAX_THREADS) threads = MAX_THREADS;
  const int* fds = with_schedstat != NULL ? open_schedstats(tids, threads) : NULL;
  for (int64_t i = 0; i < (int64_t)times; i++) look(tids, fds, threads);
  return NULL;
}

// (tids: Int32Array): the sum of their CPU times in ns.
static napi_value sum_of_clocks(napi_env env, napi_callback_info info) {
  size_t count = 1, threads;
  napi_value argument, result;
  void* data;
  double sum = 0;
  napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
  napi_get_typedarray_info(env, argument, NULL, &threads, &data, NULL, NULL);
  const int32_t* tids = data;
  for (size_t i = 0; i < threads; i++) sum += (double)clock_ns(thread_clock(tids[i]));
  napi_create_double(env, sum, &result);
  return result;
}

// CPU time in ns of all threads of the process, the running slices included.
static napi_value process_cpu_time(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value result;
  napi_create_double(env, (double)clock_ns(CLOCK_PROCESS_CPUTIME_ID), &result);
  return result;
}

static void add(napi_env env, napi_value exports, const char* name, napi_callback call,
                void* data) {
  napi_value function;
  napi_create_function(env, name, SIZE_MAX, call, data, &function);
  napi_set_named_property(env, exports, name, function);
}

__attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env,
                                                                          napi_value exports) {
  add(env, exports, "nothing", repeat, (void*)nothing);
  add(env, exports, "ownClock", repeat, (void*)own_clock);
  add(env, exports, "ownRusage", repeat, (void*)own_rusage);
  add(env, exports, "ownClockAndRusage", repeat, (void*)own_clock_and_rusage);
  add(env, exports, "ownSchedstat", repeat, (void*)own_schedstat);
  add(env, exports, "ownStat", repeat, (void*)own_stat);
  add(env, exports, "clocks", look_at_threads, NULL);
  add(env, exports, "clocksAndSchedstats", look_at_threads, (void*)look);
  add(env, exports, "sumOfClocks", sum_of_clocks, NULL);
  add(env, exports, "processCpuTime", process_cpu_time, NULL);
  return exports;
}

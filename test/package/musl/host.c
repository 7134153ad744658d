// A host for the prebuilt addon on musl: enough of Node-API to register it and to call it, linked
// with musl's libc (musl-gcc -rdynamic). Usage: musl-host <addon.node>
//
// It proves that musl's dynamic linker resolves every symbol of the very file that is shipped, that
// the structures compiled from glibc's headers (timespec, rusage, pthread_mutex_t, rlimit) hold
// under musl, and that clocks, /proc, mapped files and the thread exit hook give right figures
// there. It does not prove that a Node built for musl loads it: that Node's own Node-API is not
// here, only this stand-in.
#define _GNU_SOURCE  // memfd_create()
#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "node-api.h"

static Value* (*register_module)(Environment*, Value*);
static int failures;
static int meter;  // the worker's meter file

static void Check(bool holds, const char* what, double figure) {
  printf("%s %s (%g)\n", holds ? "ok" : "FAILED", what, figure);
  if (!holds) failures++;
}

static Value* Invoke(Environment* env, const char* name, int count, ...) {
  Call call = {.count = (size_t)count};
  va_list arguments;
  va_start(arguments, count);
  for (int i = 0; i < count; i++) call.arguments[i] = va_arg(arguments, Value*);
  va_end(arguments);
  for (int i = 0; i < env->properties; i++) {
    if (strcmp(env->names[i], name) != 0) continue;
    call.data = env->values[i]->data;
    return env->values[i]->function(env, &call);
  }
  fprintf(stderr, "the addon has no %s()\n", name);
  exit(1);
}

static Environment* Load(bool is_main, int thread_id, const char* name) {
  Environment* env = calloc(1, sizeof *env);
  register_module(env, New());
  Invoke(env, "init", 4, Floats(env->scratch, 16), Number(is_main), Number(thread_id), Text(name));
  return env;
}

static double OwnCpuSeconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}

static void Burn(double seconds) {
  const double end = OwnCpuSeconds() + seconds;
  while (OwnCpuSeconds() < end) continue;
}

static double ListedThreads(Environment* env) {
  static double rows[4096];
  return Invoke(env, "look", 4, Floats(rows, 4096), Number(0), Number(0), Number(0))->number;
}

static void* Worker(void* cpu_seconds) {
  Environment* env = Load(false, 7, "musl-worker");
  Check(Invoke(env, "bindMeter", 1, Number(meter))->number == 0, "a meter file is bound", meter);
  Burn(0.05);
  Check(ListedThreads(env) == 2, "both threads are listed from the worker", ListedThreads(env));
  *(double*)cpu_seconds = OwnCpuSeconds();
  return NULL;
}

// NaN where there is nothing to read.
static double DoubleAt(int fd, off_t offset) {
  double value;
  return pread(fd, &value, sizeof value, offset) == sizeof value ? value : NAN;
}

static void CheckMapping(Environment* env) {
  enum { PAGE = 4096, VALUE = 42 };
  const int fd = memfd_create("segment", MFD_CLOEXEC);
  Value* buffer = Invoke(env, "mapSegment", 3, Number(fd), Number(PAGE), Number(2 * PAGE));
  buffer->floats[7] = VALUE;
  const double stored = DoubleAt(fd, PAGE + 7 * sizeof(double));
  Check(stored == VALUE, "a store into a segment is in the file", stored);
  Check(lseek(fd, 0, SEEK_END) == 3 * PAGE, "the file ends with the segment",
        (double)lseek(fd, 0, SEEK_END));
  Collect(env, buffer);
  Check(msync((void*)buffer->floats, PAGE, MS_ASYNC) != 0, "a collected segment is not mapped",
        PAGE);
  Check(Invoke(env, "lockFile", 1, Number(fd))->number == 1, "a file can be locked", fd);
  close(fd);
}

static void CheckTaskFigures(Environment* env) {
  const double before = OwnCpuSeconds();
  const double self = getpid();
  const bool is_there =
      Invoke(env, "taskFigures", 3, Number(self), Number(self), Number(3))->number;
  const double cpu = env->scratch[0] / 1e9;
  Check(is_there && cpu > before - 0.01 && cpu <= OwnCpuSeconds(),
        "/proc tells this thread's CPU time", cpu);
  Check(env->scratch[6] == 'R', "and that it runs", env->scratch[6]);
}

// There is no V8 here: dlsym() says so, and the addon why.
static void CheckInterrupts(Environment* env) {
  const char* reason = Invoke(env, "offerInterrupts", 2, Number(0), Number(0))->text;
  Check(strstr(reason, "lacks v8::Isolate") != NULL, "interrupts need V8", 0);
  const double recipient = Invoke(env, "interruptible", 2, Number(getpid()), Number(0))->number;
  Check(recipient == 0, "and without it reach nobody", recipient);
}

static void CheckTold(double worker_seconds) {
  int32_t state = 0;
  const bool is_read = pread(meter, &state, sizeof state, 16) == sizeof state;
  Check(is_read && state == 2, "the meter file tells that the worker ended", state);
  const double cpu = DoubleAt(meter, 128) / 1e9;
  Check(cpu > worker_seconds - 1e-6 && cpu < worker_seconds + 0.005, "and its CPU time", cpu);
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  void* addon = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (addon == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  register_module = (Value * (*)(Environment*, Value*)) dlsym(addon, "napi_register_module_v1");
  Environment* env = Load(true, 0, "");

  Invoke(env, "cpuTime", 0);
  const double addon_before = env->scratch[0] / 1e9;
  const double before = OwnCpuSeconds();
  Burn(0.05);
  const double burned = OwnCpuSeconds() - before;
  Invoke(env, "cpuTime", 0);
  const double addon_burned = env->scratch[0] / 1e9 - addon_before;
  Check(addon_burned >= burned && addon_burned < burned + 0.002,
        "the thread clock measures a burn of 50 ms", addon_burned);

  Invoke(env, "usage", 0);
  const double used = (env->scratch[0] + env->scratch[1]) / 1e6;
  Check(used > before && used <= OwnCpuSeconds(), "user and system add up to the clock", used);
  Check(env->scratch[2] > 0, "minor page faults are counted", env->scratch[2]);

  const double tid = Invoke(env, "gettid", 0)->number;
  Check(tid == syscall(SYS_gettid), "gettid() is the kernel's", tid);
  const char* reason = Invoke(env, "procfs", 0)->text;
  Check(reason[0] == '\0', "/proc/self/task can be used", reason[0]);

  CheckMapping(env);
  CheckInterrupts(env);
  CheckTaskFigures(env);

  meter = memfd_create("meter", MFD_CLOEXEC);
  pthread_t worker;
  double worker_seconds;
  pthread_create(&worker, NULL, Worker, &worker_seconds);
  pthread_join(worker, NULL);
  Check(ListedThreads(env) == 1, "the worker has left the list", ListedThreads(env));
  Invoke(env, "processParts", 0);
  const double exited = (env->scratch[6] + env->scratch[7]) / 1e6;
  Check(exited > worker_seconds - 1e-6 && exited < worker_seconds + 0.005,
        "its CPU time was kept when it ended", exited);
  CheckTold(worker_seconds);
  return failures == 0 ? 0 : 1;
}

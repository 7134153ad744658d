// What /proc tells of a thread of any process: against the clocks and counters that the same thread
// reads itself, and when the thread is gone, schedstat is missing or no file can be opened.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "../../native/clock.h"
#include "check.h"

namespace {

const char* missing_file = nullptr;

int FakeOpenAt(int folder, const char* file, int flags) {
  if (missing_file != nullptr && strcmp(file, missing_file) == 0) {
    errno = ENOENT;
    return -1;
  }
  return openat(folder, file, flags);
}

}  // namespace

namespace faked {
using namespace threadmeter;
}

// Once more under another name, over a kernel that lacks a file.
#define threadmeter faked
#define openat FakeOpenAt
#include "../../native/task_figures.cc"
#undef openat
#undef threadmeter

using namespace faked;

namespace {

constexpr unsigned kAllFiles = kTaskStatFile | kTaskStatusFile;

// What a thread of another process says of itself, in memory that both have.
struct Report {
  std::atomic<bool> is_ready;
  pid_t tid;
  int64_t cpu_ns;
  rusage usage;
};

void* WorkAndReport(void* data) {
  auto* report = static_cast<Report*>(data);
  Burn(60000);
  for (int i = 0; i < 5; i++) usleep(1000);
  report->tid = Tid();
  getrusage(RUSAGE_THREAD, &report->usage);
  report->cpu_ns = ClockNs(CLOCK_THREAD_CPUTIME_ID);
  report->is_ready = true;
  pause();
  return nullptr;
}

class OtherProcess {
 public:
  OtherProcess() : report_(static_cast<Report*>(Shared())), pid_(fork()) {
    if (pid_ == 0) Run();
    while (!report_->is_ready) usleep(1000);
    usleep(5000);  // until it waits
  }
  ~OtherProcess() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    munmap(report_, sizeof *report_);
  }
  const Report& report() const { return *report_; }
  pid_t pid() const { return pid_; }

 private:
  static void* Shared() {
    return mmap(nullptr, sizeof(Report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  }
  [[noreturn]] void Run() {
    alarm(60);
    pthread_t thread;
    pthread_create(&thread, nullptr, WorkAndReport, report_);
    for (;;) pause();
  }

  Report* const report_;
  const pid_t pid_;
};

double MsOf(const timeval& time) {
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
}

void CheckStat(const double* figures, const Report& report) {
  const double ms_per_tick = 1000.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
  const double user = figures[kTaskUser] * ms_per_tick;
  const double system = figures[kTaskSystem] * ms_per_tick;
  const double used = MsOf(report.usage.ru_utime) + MsOf(report.usage.ru_stime);
  // Each is rounded down to a tick.
  CHECK(user + system > used - 2 * ms_per_tick && user + system < used + 2, "%f ms of %f",
        user + system, used);
  CHECK(figures[kTaskState] == 'S', "state %f", figures[kTaskState]);
  const double processors = static_cast<double>(sysconf(_SC_NPROCESSORS_CONF));
  CHECK(figures[kTaskProcessor] >= 0 && figures[kTaskProcessor] < processors, "processor %f",
        figures[kTaskProcessor]);
  const double up_ms = static_cast<double>(ClockNs(CLOCK_BOOTTIME)) / 1e6;
  const double age_ms = up_ms - figures[kTaskStart] * ms_per_tick;
  CHECK(age_ms > 60 && age_ms < 30000, "started %f ms ago", age_ms);
}

void CheckCpu(const double* figures, const Report& report) {
  const double more_ns = figures[kTaskCpu] - static_cast<double>(report.cpu_ns);
  CHECK(more_ns >= 0 && more_ns < 2e6, "%f ns more than its clock said", more_ns);
  CHECK(figures[kTaskRunDelay] >= 0, "run delay %f", figures[kTaskRunDelay]);
  CHECK(figures[kTaskTimeslices] >= 6, "%f timeslices", figures[kTaskTimeslices]);
}

bool AreNaN(const double* figures, size_t from, size_t to) {
  return std::all_of(figures + from, figures + to,
                     [](double figure) { return std::isnan(figure); });
}

void TestOtherProcess() {
  const OtherProcess other;
  const Report& report = other.report();
  double figures[kTaskFigures + 1];
  figures[kTaskFigures] = 4711;
  CHECK(ReadTaskFigures(other.pid(), report.tid, kAllFiles, figures), "gone");
  CheckCpu(figures, report);
  CheckStat(figures, report);
  // It went to sleep once more after it had read them.
  const double voluntary = figures[kTaskVoluntary] - static_cast<double>(report.usage.ru_nvcsw);
  CHECK(voluntary >= 0 && voluntary <= 2, "%f more voluntary switches", voluntary);
  CHECK(figures[kTaskInvoluntary] >= static_cast<double>(report.usage.ru_nivcsw), "involuntary");

  CHECK(ReadTaskFigures(other.pid(), report.tid, 0, figures), "gone");
  CheckCpu(figures, report);
  CHECK(AreNaN(figures, kTaskStart, kTaskFigures), "more was read than was asked for");
  CHECK(ReadTaskFigures(other.pid(), report.tid, kTaskStatusFile, figures), "gone");
  CHECK(AreNaN(figures, kTaskStart, kTaskVoluntary) && figures[kTaskVoluntary] >= 5, "status");

  missing_file = "schedstat";
  CHECK(ReadTaskFigures(other.pid(), report.tid, 0, figures), "gone without schedstat");
  CheckStat(figures, report);
  CHECK(AreNaN(figures, kTaskRunDelay, kTaskStart), "a run delay without schedstat");
  const double off_ns = figures[kTaskCpu] - static_cast<double>(report.cpu_ns);
  CHECK(std::abs(off_ns) < 2.1e9 / static_cast<double>(sysconf(_SC_CLK_TCK)), "%f ns off", off_ns);
  missing_file = nullptr;
  CHECK(figures[kTaskFigures] == 4711, "a store past the figures");
}

void TestGone() {
  std::atomic<pid_t> tid{0};
  std::atomic<bool> leave{false};
  std::thread thread([&] {
    tid = Tid();
    while (!leave) usleep(500);
  });
  while (tid == 0) usleep(500);
  double figures[kTaskFigures];
  CHECK(ReadTaskFigures(getpid(), tid, 0, figures), "a live thread");
  CHECK(!ReadTaskFigures(getppid(), tid, 0, figures), "a thread of another process");
  TaskFolder folder(getpid(), tid);
  CHECK(folder.is_open(), "folder");
  leave = true;
  thread.join();
  while (threadmeter::ThreadCpuTime(tid, threadmeter::CpuClock::kSched) >= 0) usleep(500);
  char buffer[1024];
  CHECK(folder.Read("stat", buffer, sizeof buffer).empty() && folder.is_gone(),
        "a folder outlives its thread");
  CHECK(!ReadTaskFigures(getpid(), tid, kAllFiles, figures), "a thread that ended");
  CHECK(AreNaN(figures, 0, kTaskFigures), "figures of a thread that ended");
  missing_file = "schedstat";
  CHECK(!ReadTaskFigures(getpid(), tid, 0, figures), "a thread that ended, without schedstat");
  missing_file = nullptr;
}

// What keeps a file from being opened says nothing about the thread.
void TestNoDescriptors() {
  rlimit before;
  getrlimit(RLIMIT_NOFILE, &before);
  const int next = dup(0);
  close(next);
  for (const int room : {0, 1}) {
    rlimit none = before;
    none.rlim_cur = static_cast<rlim_t>(next + room);
    setrlimit(RLIMIT_NOFILE, &none);
    double figures[kTaskFigures];
    CHECK(ReadTaskFigures(getpid(), getpid(), kAllFiles, figures), "gone for want of descriptors");
    CHECK(AreNaN(figures, 0, kTaskFigures), "figures without descriptors");
    setrlimit(RLIMIT_NOFILE, &before);
  }
}

}  // namespace

int main() {
  const int descriptors = OpenDescriptors();
  TestOtherProcess();
  TestGone();
  TestNoDescriptors();
  const int left = OpenDescriptors();
  CHECK(left == descriptors, "%d descriptors before, %d after", descriptors, left);
  return Finish("figures_test");
}

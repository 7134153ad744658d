// A tid that comes back as another thread, made at will in a PID namespace of its own by
// ns_last_pid (Documentation/admin-guide/sysctl/kernel.rst). Needs root, or user namespaces for
// everyone, and a kernel with CONFIG_CHECKPOINT_RESTORE.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include <memory>
#include <thread>

#include "harness.h"

using namespace threadmeter;

namespace {

void NextTid(pid_t tid) {
  char text[16];
  const int length = snprintf(text, sizeof text, "%d", tid - 1);
  const int fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY);
  if (fd < 0 || write(fd, text, static_cast<size_t>(length)) != length) {
    fprintf(stderr, "reuse_test needs a writable ns_last_pid: %s\n", strerror(errno));
    _exit(2);
  }
  close(fd);
}

// A thread with this tid, which uses `burn` us and waits; 0: whichever tid comes.
class Guest {
 public:
  Guest(pid_t wanted, bool registers, int64_t burn) {
    if (wanted != 0) NextTid(wanted);
    thread_ = std::thread([this, registers, burn] {
      if (registers) Registry::Get().RegisterThread(false, 1, "guest", nullptr);
      Burn(burn);
      tid_ = Tid();
      while (!leave_) usleep(500);
    });
    while (tid_ == 0) usleep(500);
  }
  void Leave() {
    leave_ = true;
    thread_.join();
    while (ThreadCpuTime(tid_, CpuClock::kSched) >= 0) usleep(500);
  }
  pid_t tid() const { return tid_; }

 private:
  std::thread thread_;
  std::atomic<pid_t> tid_{0};
  std::atomic<bool> leave_{false};
};

struct Case {
  const char* name;
  bool first_registers, second_registers;
  unsigned flags_before, flags_after;
  int64_t seconds_between;
};

constexpr Case kCases[] = {
    {"helper by helper, with run delay", false, false, kWithRunDelay, kWithRunDelay, 0},
    {"helper by helper, run delay only afterwards", false, false, 0, kWithRunDelay, 0},
    {"helper by helper, without run delay, verified in time", false, false, 0, 0, 11},
    {"helper by worker", false, true, 0, 0, 0},
    {"worker by helper", true, false, 0, 0, 0},
    {"worker by worker", true, true, 0, 0, 0},
    {"worker by worker, with run delay", true, true, kWithRunDelay, kWithRunDelay, 0},
};

void TestCase(const Case& test) {
  Observer observer;
  Guest first(0, test.first_registers, 1000);
  const Observer::Row* row = (observer.Take(test.flags_before), observer.Find(first.tid()));
  CHECK(row != nullptr, "%s: not seen", test.name);
  if (row == nullptr) return;
  const uint64_t uid = row->uid;
  first.Leave();
  usleep(20000);  // another clock tick, which tells the starts of the two threads apart
  // It uses more CPU than the first one, so that its clock gives nothing away.
  std::unique_ptr<Guest> second;
  for (int tries = 0; tries < 50 && (!second || second->tid() != first.tid()); tries++) {
    // A tid is free a moment after its clock is gone.
    if (second) second->Leave();
    second = std::make_unique<Guest>(first.tid(), test.second_registers, 3000);
  }
  CHECK(second->tid() == first.tid(), "tid %d did not come back", first.tid());
  monotonic_shift_ns += test.seconds_between * 1000000000;
  row = (observer.Take(test.flags_after), observer.Find(second->tid()));
  CHECK(row != nullptr && row->uid != uid, "%s: took the other's identity", test.name);
  CHECK(row != nullptr && (row->thread_id == kNoThreadId) != test.second_registers,
        "%s: took the other's registration", test.name);
  second->Leave();
}

int Run() {
  mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
  if (mount("proc", "/proc", "proc", 0, nullptr) != 0) {
    fprintf(stderr, "reuse_test cannot mount /proc: %s\n", strerror(errno));
    return 2;
  }
  Registry::Get().RegisterThread(true, 0, "", nullptr);
  for (const Case& test : kCases) TestCase(test);
  return Finish("reuse_test");
}

}  // namespace

int main() {
  const int user = geteuid() == 0 ? 0 : CLONE_NEWUSER;
  if (unshare(user | CLONE_NEWPID | CLONE_NEWNS) != 0) {
    fprintf(stderr, "reuse_test needs root or user namespaces: %s\n", strerror(errno));
    return 2;
  }
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    exit(Run());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 3;
}

// What the table does when the kernel's answers are incomplete: descriptors run out, a listing
// skips a live thread, threads end between two steps of one look.
#include <fcntl.h>
#include <sys/resource.h>

#include <memory>
#include <thread>

#include "harness.h"

using namespace threadmeter;

namespace {

constexpr unsigned kAll = kWithSplit | kWithRunDelay | kWithEnded;

// A thread that stays until it is told to go.
class Guest {
 public:
  explicit Guest(bool registers) {
    thread_ = std::thread([this, registers] {
      if (registers) uid_ = Registry::Get().RegisterThread(false, 7, "guest", nullptr);
      tid_ = Tid();
      while (!leave_) usleep(500);
    });
    while (tid_ == 0) usleep(500);
  }
  ~Guest() {
    leave_ = true;
    thread_.join();
  }
  pid_t tid() const { return tid_; }
  uint64_t uid() const { return uid_; }

 private:
  std::thread thread_;
  std::atomic<pid_t> tid_{0};
  std::atomic<uint64_t> uid_{0};
  std::atomic<bool> leave_{false};
};

// While it lives no descriptor can be opened.
class NoDescriptors {
 public:
  NoDescriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const int next = open("/dev/null", O_RDONLY);
    close(next);
    rlimit none = before_;
    none.rlim_cur = static_cast<rlim_t>(next);
    setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_;
};

int64_t EndedThreads(Observer& observer) {
  observer.Take(kAll);
  int64_t threads = 0;
  for (const EndedTotals& totals : observer.ended()) threads += totals.threads;
  return threads;
}

void ExpectKept(Observer& observer, const Guest& guest, const char* when) {
  const Observer::Row* row = observer.Find(guest.tid());
  CHECK(row != nullptr && row->uid == guest.uid() && row->thread_id == 7,
        "a registered thread was dropped %s", when);
}

void TestOutOfDescriptors() {
  Observer observer;
  const int64_t ended = EndedThreads(observer);
  const Guest early(true);
  {
    const NoDescriptors none;
    const Guest late(true);
    const Guest unseen(false);  // cannot be entered, so that the table looks again each time
    // Past the time after which threads are verified, which takes a descriptor each.
    for (int round = 0; round < 3; round++) {
      observer.Take(kAll);
      ExpectKept(observer, early, "without descriptors");
      ExpectKept(observer, late, "that registered without descriptors");
      CHECK(observer.Find(getpid()) != nullptr, "the main thread was dropped");
      ProcessParts parts;
      CHECK(ReadProcessParts(&parts) && MicrosOf(parts.main) > 0, "no parts");
      monotonic_shift_ns += 11000000000;
    }
  }
  const Guest after(true);
  {
    const NoDescriptors none;
    const Guest survivor(true);
    observer.Take(kAll);
    ExpectKept(observer, survivor, "before descriptors came back");
  }
  monotonic_shift_ns += 11000000000;
  observer.Take(kAll);
  ExpectKept(observer, early, "when descriptors came back");
  ExpectKept(observer, after, "when descriptors came back");
  const Observer::Row* row = observer.Find(early.tid());
  CHECK(row != nullptr && row->run_delay_ns >= 0, "run delay did not come back");
  CHECK(EndedThreads(observer) == ended + 2, "%ld ended", EndedThreads(observer) - ended);
}

void TestRegisteredWithoutDescriptors() {
  Observer observer;
  std::unique_ptr<Guest> guest;
  {
    const NoDescriptors none;
    guest = std::make_unique<Guest>(true);
  }
  for (int round = 0; round < 3; round++) {
    monotonic_shift_ns += 11000000000;
    const Guest newcomer(false);
    // Without run delay, so that no open file vouches for the thread.
    observer.Take(kWithEnded);
    ExpectKept(observer, *guest, "that had registered without descriptors");
  }
}

void TestListingSkipsThread() {
  Observer observer;
  const Guest registered(true);
  const Guest stranger(false);
  observer.Take(kAll);
  const int64_t ended = EndedThreads(observer);
  const Observer::Row* row = observer.Find(stranger.tid());
  const uint64_t uid = row == nullptr ? 0 : row->uid;
  CHECK(uid != 0, "a thread is not listed");
  for (const Guest* guest : {&registered, &stranger}) {
    hidden_tid = guest->tid();
    const Guest newcomer(false);  // makes the table look again
    for (int i = 0; i < 3; i++) observer.Take(kAll);
    hidden_tid = 0;
  }
  observer.Take(kAll);
  ExpectKept(observer, registered, "that a listing had skipped");
  row = observer.Find(stranger.tid());
  CHECK(row != nullptr && row->uid == uid, "a skipped thread came back as another");
  CHECK(EndedThreads(observer) == ended, "a skipped thread was counted as ended");
}

// A thread that ends right after it was read in the last round of a look: its row must have an
// identity (the observer checks that).
void TestThreadEndsWithinLook() {
  const Guest restless(false);
  const Guest doomed(false);
  for (int readings = 1; readings <= 8; readings++) {
    Observer observer;
    observer.Take(0);
    clockless_tid = restless.tid();  // listed, and gone whenever it is read
    doomed_readings = readings;
    doomed_tid = doomed.tid();
    observer.Take(0);
    doomed_tid = clockless_tid = 0;
    observer.Take(0);
    CHECK(observer.Find(restless.tid()) && observer.Find(doomed.tid()), "a live thread is missing");
  }
}

// Nothing that live threads use may count as used by ended ones.
void TestNothingEnded() {
  std::atomic<bool> stop{false};
  std::atomic<int64_t> burned_ns{0};
  std::vector<std::thread> threads;
  ProcessParts before;
  for (unsigned i = 0; i < 2 * std::thread::hardware_concurrency(); i++) {
    threads.emplace_back([&] {
      while (!stop) Burn(1000);
      burned_ns += ClockNs(CLOCK_THREAD_CPUTIME_ID);
    });
  }
  usleep(50000);
  CHECK(ReadProcessParts(&before), "no parts");
  ProcessParts now;
  const int64_t end = ClockNs(CLOCK_MONOTONIC) + 1500000000;
  while (ClockNs(CLOCK_MONOTONIC) < end) ReadProcessParts(&now);
  const int64_t exited = MicrosOf(now.exited) - MicrosOf(before.exited);
  CHECK(exited < 1000, "%ld us used by ended threads, when none ended", exited);
  CHECK(MicrosOf(now.helpers) > MicrosOf(before.helpers), "the threads used no time");
  stop = true;
  for (auto& thread : threads) thread.join();
  usleep(20000);
  ReadProcessParts(&now);
  const int64_t sum =
      MicrosOf(now.main) + MicrosOf(now.workers) + MicrosOf(now.helpers) + MicrosOf(now.exited);
  CHECK(std::abs(sum - MicrosOf(now.total)) < 1000, "%ld us instead of %ld", sum,
        MicrosOf(now.total));
  const int64_t ended = MicrosOf(now.exited) - MicrosOf(before.exited);
  const int64_t burned = burned_ns / 1000;
  CHECK(ended > burned - 1000 && ended < burned + 10000, "%ld us instead of %ld", ended, burned);
}

}  // namespace

int main() {
  Registry::Get().RegisterThread(true, 0, "", nullptr);
  TestNothingEnded();
  TestOutOfDescriptors();
  TestRegisteredWithoutDescriptors();
  TestListingSkipsThread();
  TestThreadEndsWithinLook();
  return Finish("faults_test");
}

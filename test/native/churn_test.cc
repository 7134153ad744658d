// Threads that register, rename themselves, use CPU and end, while others look at all of them
// without pause: nobody is lost, mistaken for another, counted twice or forgotten, and nothing
// leaks.
#include <pthread.h>
#include <stdlib.h>

#include <mutex>
#include <set>
#include <thread>

#include "harness.h"

using namespace threadmeter;

namespace {

constexpr unsigned kAll = kWithSplit | kWithRunDelay | kWithEnded | kWithProcess;
constexpr int kResidents = 6;
constexpr int kReaders = 4;
constexpr int kSpawners = 4;

int64_t run_for_ns = 2000000000;
std::atomic<bool> stop{false};
std::atomic<bool> residents_leave{false};
std::atomic<int> next_thread_id{1};
std::atomic<int> ended_threads{0};
std::atomic<int64_t> ended_cpu_ns{0};

std::mutex table_mutex;
// Who has registered: the start of a thread in ticks keeps a tid that is used again apart.
std::map<std::pair<pid_t, double>, uint64_t> registered;
std::map<pid_t, uint64_t> residents;

// As a worker does it: registers with a loop, and closes the loop after its cleanup hook only.
class Environment {
 public:
  Environment() : uid(Registry::Get().RegisterThread(false, next_thread_id++, "", loop_)) {}
  ~Environment() {
    Registry::DetachLoop(uid);
    delete loop_;
    ended_threads++;
    ended_cpu_ns += ClockNs(CLOCK_THREAD_CPUTIME_ID);
  }

 private:
  uv_loop_s* loop_ = new uv_loop_s{0};

 public:
  const uint64_t uid;
};

void Resident() {
  const Environment environment;
  {
    std::lock_guard guard(table_mutex);
    residents[Tid()] = environment.uid;
  }
  while (!residents_leave) {
    Burn(100);
    usleep(2000);
  }
}

void* Visitor(void*) {
  const Environment environment;
  const uint64_t uid = environment.uid;
  const auto stat = ReadStat(Tid());
  if (uid % 3 == 0) Registry::RenameThread(uid % 2 == 0 ? "pool" : "a) R (b");
  {
    std::lock_guard guard(table_mutex);
    if (stat) registered[{Tid(), static_cast<double>(stat->start_ticks)}] = uid;
  }
  Burn(static_cast<int64_t>(uid % 4) * 200);
  return nullptr;
}

// A thread that the table hears of only through /proc.
void* Stranger(void*) {
  Burn(50);
  return nullptr;
}

void Spawn() {
  while (!stop) {
    pthread_t batch[4];
    for (int i = 0; i < 4; i++) {
      pthread_create(&batch[i], nullptr, i == 3 ? Stranger : Visitor, nullptr);
    }
    for (pthread_t thread : batch) pthread_join(thread, nullptr);
  }
}

// Ticks after boot, from what a row says in ms after the epoch.
double TicksOf(double start_time) {
  const double boot_ms =
      static_cast<double>(ClockNs(CLOCK_REALTIME) - ClockNs(CLOCK_BOOTTIME)) / 1e6;
  return std::round((start_time - boot_ms) * static_cast<double>(sysconf(_SC_CLK_TCK)) / 1000);
}

void CheckRows(const std::vector<Observer::Row>& rows) {
  size_t seen = 0;
  std::set<pid_t> tids;
  std::lock_guard guard(table_mutex);
  for (const auto& row : rows) {
    CHECK(tids.insert(row.tid).second, "tid %d is listed twice", row.tid);
    auto resident = residents.find(row.tid);
    if (resident != residents.end()) {
      seen++;
      CHECK(resident->second == row.uid && row.thread_id > 0, "a resident lost its registration");
    } else if (row.thread_id == kNoThreadId) {
      auto was = registered.find({row.tid, TicksOf(row.start_time)});
      CHECK(was == registered.end() || was->second >= row.uid,
            "an ended thread came back as another: tid %d, %f ms", row.tid, row.cpu_ns / 1e6);
    }
  }
  CHECK(seen == kResidents, "%zu residents of %d in a look", seen, kResidents);
}

void Read(bool parts_too) {
  Observer observer;
  while (!stop) {
    CheckRows(observer.Take(kAll));
    ProcessParts parts;
    if (parts_too) CHECK(ReadProcessParts(&parts) && MicrosOf(parts.main) > 0, "no parts");
  }
}

void CheckEnded(Observer& observer, size_t threads_before) {
  int64_t threads = 0;
  int64_t cpu_ns = 0;
  for (int i = 0; i < 500 && observer.Take(kAll).size() > threads_before; i++) usleep(2000);
  for (const EndedTotals& totals : observer.ended()) {
    threads += totals.threads;
    cpu_ns += totals.cpu_ns;
  }
  CHECK(threads == ended_threads, "%ld ended of %d", threads, ended_threads.load());
  // Each thread read its own clock a moment before its exit hook did.
  const int64_t more = cpu_ns - ended_cpu_ns;
  CHECK(more >= 0 && more < 1000000ll * threads, "%ld ns instead of %ld", cpu_ns,
        ended_cpu_ns.load());
}

}  // namespace

int main(int, char** argv) {
  if (argv[1] != nullptr) run_for_ns = atoll(argv[1]) * 1000000;
  Registry::Get().RegisterThread(true, 0, "", nullptr);
  Observer observer;
  // A sanitizer starts a thread of its own with the first one of the program.
  std::thread([] { usleep(50000); }).join();
  usleep(50000);
  const size_t threads_before = observer.Take(kAll).size();
  const int descriptors = OpenDescriptors();

  std::vector<std::thread> threads;
  for (int i = 0; i < kResidents; i++) threads.emplace_back(Resident);
  for (;;) {
    std::lock_guard guard(table_mutex);
    if (residents.size() == kResidents) break;
  }
  for (int i = 0; i < kReaders; i++) threads.emplace_back(Read, i % 2 == 0);
  for (int i = 0; i < kSpawners; i++) threads.emplace_back(Spawn);
  const int64_t end = ClockNs(CLOCK_MONOTONIC) + run_for_ns;
  while (ClockNs(CLOCK_MONOTONIC) < end) usleep(10000);
  stop = true;
  for (size_t i = kResidents; i < threads.size(); i++) threads[i].join();
  residents_leave = true;
  for (int i = 0; i < kResidents; i++) threads[static_cast<size_t>(i)].join();
  CheckEnded(observer, threads_before);
  const int left = OpenDescriptors();
  CHECK(left <= descriptors, "%d descriptors before, %d after", descriptors, left);
  CHECK(ended_threads > 50, "only %d threads came and went", ended_threads.load());
  return Finish("churn_test");
}

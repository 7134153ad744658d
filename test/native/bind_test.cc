// Meter files whose thread ends: the file says so once all that is said of the end is there, nobody
// but that thread's end says it, and nothing stays mapped or open.
#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include <thread>

#include "harness.h"
#include "maps.h"

using namespace threadmeter;

namespace {

// lib/meter/layout.ts
constexpr int kState = 16;
constexpr int kFinalCpu = 128;
constexpr int kFinalUser = 136;
constexpr int kFinalSystem = 144;
constexpr int kFinalRunDelay = 152;
constexpr int kFinalVoluntary = 160;
constexpr int kFinalInvoluntary = 168;
constexpr int kEnded = 2;

constexpr unsigned kAll = kWithSplit | kWithRunDelay | kWithEnded;
constexpr int kSpawners = 4;
constexpr int kThreadsEach = 250;

// What threads used between their own last reading and that of their end.
std::atomic<int64_t> exit_cpu_ns{0};

bool HasEnded(const TmpfsFile& meter) { return meter.At<int32_t>(kState) == kEnded; }

uint64_t Register() { return Registry::Get().RegisterThread(false, 1, "short", nullptr); }

struct Thread {
  const TmpfsFile* meter;
  int64_t cpu_ns = 0;
};

void* RunShortly(void* data) {
  auto* thread = static_cast<Thread*>(data);
  CHECK(Registry::BindMeter(Register(), thread->meter->fd()) == 0, "bind");
  Burn(100);
  usleep(100);
  thread->cpu_ns = ClockNs(CLOCK_THREAD_CPUTIME_ID);
  return nullptr;
}

// A meter file as another processor sees it, without a system call in between.
class Watched {
 public:
  explicit Watched(const TmpfsFile& meter) {
    CHECK(MapSegment(meter.fd(), 0, 4096, &header_) == 0, "map");
    At<double>(kFinalInvoluntary).store(kUntold);
  }
  ~Watched() { UnmapSegment(&header_); }

  void AwaitEnd() {
    constexpr int kTurns = 1000;
    for (int turn = 1; At<int32_t>(kState).load(std::memory_order_acquire) != kEnded; turn++) {
      // Keeps the figures in this processor's cache: the writer's stores to them take the longer.
      At<double>(kFinalInvoluntary).load(std::memory_order_relaxed);
      if (turn % kTurns == 0) sched_yield();
    }
    // The last one that is stored.
    CHECK(At<double>(kFinalInvoluntary).load() != kUntold, "the end was told before its figures");
  }

 private:
  static constexpr double kUntold = -1;

  template <typename Value>
  std::atomic_ref<Value> At(int offset) {
    return std::atomic_ref(*reinterpret_cast<Value*>(header_.data + offset));
  }

  Segment header_;
};

void CheckFigures(const TmpfsFile& meter) {
  const double cpu_ns = meter.At<double>(kFinalCpu);
  const double micros = meter.At<double>(kFinalUser) + meter.At<double>(kFinalSystem);
  CHECK(cpu_ns > 100000 && micros == std::floor(cpu_ns / 1000), "%f ns, %f us", cpu_ns, micros);
  CHECK(meter.At<double>(kFinalRunDelay) >= 0, "run delay");
  CHECK(meter.At<double>(kFinalVoluntary) >= 1, "voluntary switches");
  CHECK(meter.At<double>(kFinalInvoluntary) >= 0, "involuntary switches");
}

void Spawn() {
  for (int i = 0; i < kThreadsEach; i++) {
    const TmpfsFile meter("short-meter");
    Watched watched(meter);
    Thread thread{&meter};
    pthread_t id;
    pthread_create(&id, nullptr, RunShortly, &thread);
    watched.AwaitEnd();
    CheckFigures(meter);
    pthread_join(id, nullptr);
    const int64_t more_ns = static_cast<int64_t>(meter.At<double>(kFinalCpu)) - thread.cpu_ns;
    CHECK(more_ns >= 0, "%ld ns after the last reading", more_ns);
    exit_cpu_ns += more_ns;
  }
}

void TestManyShortThreads() {
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    Observer observer;
    while (!stop) observer.Take(kAll);
  });
  std::vector<std::thread> spawners;
  for (int i = 0; i < kSpawners; i++) spawners.emplace_back(Spawn);
  for (auto& spawner : spawners) spawner.join();
  stop = true;
  reader.join();
  // Now and then one loses its processor to another virtual machine, which counts as its own time.
  const int64_t each_ns = exit_cpu_ns / (kSpawners * kThreadsEach);
  CHECK(each_ns < 1000000, "%ld ns for the end of a thread", each_ns);
  CHECK(MappingsOf("short-meter") == 0, "%d mappings are left", MappingsOf("short-meter"));
}

// A smaller file takes the place of a larger one: only the last one hears of the end.
void TestBoundAgain() {
  const TmpfsFile first("again"), second("again"), third("again");
  std::thread([&] {
    const uint64_t uid = Register();
    for (const TmpfsFile* meter : {&first, &second, &second, &third}) {
      CHECK(Registry::BindMeter(uid, meter->fd()) == 0, "bind");
      CHECK(MappingsOf("again") == 1, "%d mappings", MappingsOf("again"));
    }
    CHECK(Registry::BindMeter(uid, 1 << 20) == EBADF, "a descriptor that is not open");
    CHECK(MappingsOf("again") == 1, "a failure took the mapping away");
    CHECK(Registry::BindMeter(uid + 1, first.fd()) == ESRCH, "another thread's uid");
    CHECK(MappingsOf("again") == 1, "a refusal left a mapping");
  }).join();
  CHECK(!HasEnded(first) && !HasEnded(second) && HasEnded(third), "who was told");
  const TmpfsFile unbound("again");
  std::thread([&] {
    const uint64_t uid = Register();
    CHECK(Registry::BindMeter(uid, unbound.fd()) == 0 && Registry::BindMeter(uid, -1) == 0, "-1");
  }).join();
  CHECK(!HasEnded(unbound) && MappingsOf("again") == 0, "a meter that was let go");
}

// A thread that the table takes for gone: what nobody knows is not told, and nothing stays mapped.
void TestVanished() {
  const TmpfsFile meter("vanished");
  std::atomic<pid_t> tid{0};
  std::atomic<bool> leave{false};
  std::thread thread([&] {
    CHECK(Registry::BindMeter(Register(), meter.fd()) == 0, "bind");
    tid = Tid();
    while (!leave) usleep(500);
  });
  while (tid == 0) usleep(500);
  Observer observer;
  clockless_tid = tid.load();
  observer.Take(kAll);
  clockless_tid = 0;
  CHECK(MappingsOf("vanished") == 0, "a vanished thread's header is mapped");
  leave = true;
  thread.join();
  CHECK(!HasEnded(meter), "an end was told without figures");
}

}  // namespace

int main() {
  Registry::Get().RegisterThread(true, 0, "", nullptr);
  // A sanitizer starts a thread of its own with the first one of the program.
  std::thread([] { usleep(50000); }).join();
  Observer().Take(kAll);
  const int descriptors = OpenDescriptors();
  TestBoundAgain();
  TestVanished();
  TestManyShortThreads();
  Observer observer;
  int left = OpenDescriptors();
  for (int i = 0; i < 500 && left > descriptors; i++) {  // until the table has seen who is gone
    usleep(2000);
    observer.Take(kAll);
    left = OpenDescriptors();
  }
  CHECK(left <= descriptors, "%d descriptors before, %d after", descriptors, left);
  return Finish("bind_test");
}

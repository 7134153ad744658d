// fork() without exec while other threads register, end and look: the child has one thread and must
// find it, whatever lock another thread held at that moment, and says nothing in the name of its
// parent's threads. Run without sanitizers: their own
// allocators do not survive a fork() of a process with threads.
#include <pthread.h>
#include <sys/wait.h>

#include <thread>

#include "harness.h"
#include "maps.h"

using namespace threadmeter;

namespace {

constexpr unsigned kAll = kWithSplit | kWithRunDelay | kWithSwitches | kWithState | kWithEnded;
constexpr int kMeterState = 16;  // lib/meter/layout.ts
std::atomic<bool> stop{false};

void Child(bool by_pthread_exit) {
  alarm(20);
  failures = 0;
  Observer observer;
  const auto& rows = observer.Take(kAll);
  CHECK(rows.size() == 1 && rows[0].tid == getpid(), "%zu threads in a child", rows.size());
  CHECK(rows.size() == 1 && rows[0].thread_id == kNoThreadId, "inherited a registration");
  ProcessParts parts;
  CHECK(ReadProcessParts(&parts) && MicrosOf(parts.helpers) == 0, "foreign parts in a child");
  std::thread([&] {
    const uint64_t uid = Registry::Get().RegisterThread(false, 3, "child", nullptr);
    const Observer::Row* row = (observer.Take(kAll), observer.Find(Tid()));
    CHECK(row != nullptr && row->uid == uid && row->thread_id == 3, "a thread of the child");
  }).join();
  // Through the exit hook of a thread that registered in the parent: the process ends with 0.
  if (by_pthread_exit && failures == 0) pthread_exit(nullptr);
  _exit(failures == 0 ? 0 : 9);
}

void ForkAgainAndAgain(bool registers) {
  const TmpfsFile meter("forker");
  if (registers) {
    const uint64_t uid = Registry::Get().RegisterThread(false, 5, "forker", nullptr);
    CHECK(Registry::BindMeter(uid, meter.fd()) == 0, "bind");
  }
  for (int i = 0; i < 30; i++) {
    fflush(nullptr);
    const pid_t child = fork();
    if (child == 0) Child(i % 2 == 0);
    int status = 0;
    waitpid(child, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a child ended with 0x%x", status);
    CHECK(meter.At<int32_t>(kMeterState) == 0, "a child told the end of its parent's thread");
  }
}

void LookOn() {
  Observer observer;
  while (!stop) observer.Take(kAll);
}

void Churn() {
  while (!stop) {
    std::thread([] { Registry::Get().RegisterThread(false, 1, "", nullptr); }).join();
  }
}

}  // namespace

int main() {
  std::thread readers[] = {std::thread(LookOn), std::thread(LookOn), std::thread(Churn)};
  std::thread forkers[] = {std::thread(ForkAgainAndAgain, true),
                           std::thread(ForkAgainAndAgain, false)};
  for (auto& thread : forkers) thread.join();
  stop = true;
  for (auto& thread : readers) thread.join();
  return Finish("fork_test");
}

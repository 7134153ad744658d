// Letters to threads that run JavaScript, which a stand-in for V8 plays: threads that run, wait and
// end, while others write to them without pause. Each letter is answered by its own thread, once
// and in order, or ends with it; no isolate is touched after its thread has withdrawn.
#include "../../native/interrupts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "check.h"

using namespace threadmeter;
using Delivery = Interrupts::Delivery;
using Outcome = Recipient::Outcome;

// V8, as far as the addon looks for it: by its symbols, which -rdynamic shows to dlsym().
namespace v8 {
class __attribute__((visibility("default"))) Isolate {
 public:
  using InterruptCallback = void (*)(Isolate*, void*);
  static Isolate* GetCurrent();
  void RequestInterrupt(InterruptCallback callback, void* data);
  void TerminateExecution();
  void CancelTerminateExecution();

  // As V8 does at the head of a loop: all that was requested, outside of its own lock.
  void HandleInterrupts() {
    for (;;) {
      std::pair<InterruptCallback, void*> next;
      {
        std::lock_guard guard(mutex_);
        if (requested_.empty()) return;
        next = requested_.front();
        requested_.erase(requested_.begin());
      }
      next.first(this, next.second);
    }
  }
  ~Isolate() { alive_ = 0; }

  bool is_terminated = false;
  std::vector<std::pair<InterruptCallback, void*>> leftovers() { return requested_; }

 private:
  std::mutex mutex_;
  std::vector<std::pair<InterruptCallback, void*>> requested_;
  int alive_ = 4711;
};

static thread_local Isolate* current_isolate = nullptr;
Isolate* Isolate::GetCurrent() { return current_isolate; }
void Isolate::RequestInterrupt(InterruptCallback callback, void* data) {
  CHECK(alive_ == 4711, "an isolate was interrupted after its end");
  std::lock_guard guard(mutex_);
  requested_.emplace_back(callback, data);
}
void Isolate::TerminateExecution() { is_terminated = true; }
void Isolate::CancelTerminateExecution() { is_terminated = false; }
}  // namespace v8

namespace {

// Sanitizers' own allocators do not survive a fork() of a process with threads.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kForks = false;
#else
constexpr bool kForks = true;
#endif
constexpr int kThreads = 6;
constexpr int kWriters = 4;

std::atomic<bool> stop{false};
std::atomic<int> next_thread_id{1};
std::mutex addresses_mutex;
std::map<int, uint64_t> addresses;  // by thread id
std::atomic<int> answered{0};
std::atomic<int> ended{0};

Text TextOf(const std::string& string) {
  Text text;
  CHECK(text.Reserve(string.size()), "no memory");
  memcpy(text.data(), string.data(), string.size());
  return text;
}

std::string StringOf(const Text& text) { return std::string(text.data(), text.size()); }

// One environment on one thread.
struct Environment {
  explicit Environment(bool is_wakeable) {
    v8::current_isolate = &isolate;
    v8::Isolate* found = nullptr;
    CHECK(Interrupts::FindIsolate(&found)[0] == '\0' && found == &isolate, "not its isolate");
    uid = Interrupts::Get().NewUid();
    Interrupts::Get().Offer(
        {uid, Tid(), thread_id, &isolate, this, is_wakeable ? Wake : nullptr, Answer});
  }
  ~Environment() {
    Interrupts::Withdraw(uid);
    is_withdrawn = true;
    // V8 may still come to what was requested before.
    for (const auto& [callback, data] : isolate.leftovers()) callback(&isolate, data);
  }

  static bool Wake(void* context) {
    static_cast<Environment*>(context)->wakes++;
    return true;
  }

  static Outcome Answer(void* context, const Text& letter, Text* reply) {
    auto* self = static_cast<Environment*>(context);
    CHECK(Tid() == self->tid, "answered by another thread");
    CHECK(!self->is_withdrawn && !self->is_answering,
          "answered after the end, or within an answer");
    self->is_answering = true;
    self->isolate.HandleInterrupts();  // as the callback's own JavaScript does
    self->is_answering = false;
    const std::string text = StringOf(letter);
    if (text == "terminate") return Outcome::kTerminated;
    if (text == "fail") return Outcome::kFailed;
    *reply = TextOf(text + "@" + std::to_string(self->thread_id));
    return Outcome::kAnswered;
  }

  const int thread_id = next_thread_id++;
  const pid_t tid = Tid();
  uint64_t uid;
  v8::Isolate isolate;
  std::atomic<int> wakes{0};
  bool is_answering = false;
  bool is_withdrawn = false;
};

void LiveAndDie() {
  while (!stop) {
    Environment environment(true);
    {
      std::lock_guard guard(addresses_mutex);
      addresses[environment.thread_id] = environment.uid;
    }
    const int turns = 20 + environment.thread_id % 200;
    for (int turn = 0; turn < turns; turn++) {
      if (turn % 3 == 0) usleep(50);  // idle: what comes meanwhile wakes it
      if (turn % 2 == 0 && environment.wakes.exchange(0) > 0) Interrupts::Deliver(environment.uid);
      environment.isolate.HandleInterrupts();
    }
    usleep(100);  // a native call, which nothing reaches, at the end of which the thread ends
    std::lock_guard guard(addresses_mutex);
    addresses.erase(environment.thread_id);
  }
}

std::pair<int, uint64_t> AnyAddress(unsigned seed) {
  std::lock_guard guard(addresses_mutex);
  if (addresses.empty()) return {0, 0};
  auto chosen = addresses.begin();
  std::advance(chosen, seed % addresses.size());
  return *chosen;
}

void Write(int writer) {
  Interrupts& interrupts = Interrupts::Get();
  const auto sender = static_cast<uint64_t>(writer);
  for (unsigned round = 0; !stop; round++) {
    const auto [thread_id, uid] = AnyAddress(round);
    if (uid == 0) continue;
    const std::string text = std::to_string(writer) + ":" + std::to_string(round);
    bool is_full = false;
    const uint64_t letter = interrupts.Send(uid, sender, TextOf(text), round % 7 != 0, &is_full);
    CHECK(!is_full, "full with %d writers", kWriters);
    if (letter == 0 || round % 7 == 0) continue;
    if (round % 11 == 0) {
      interrupts.Forget(letter);
      continue;
    }
    Text reply;
    Delivery delivery;
    while ((delivery = interrupts.Collect(letter, &reply)) == Delivery::kWaiting) usleep(20);
    if (delivery == Delivery::kEnded) {
      ended++;
    } else {
      CHECK(delivery == Delivery::kAnswered, "delivery %d", static_cast<int>(delivery));
      CHECK(StringOf(reply) == text + "@" + std::to_string(thread_id), "another one's answer: %s",
            reply.data());
      answered++;
    }
    CHECK(interrupts.Collect(letter, &reply) == Delivery::kUnknown, "answered twice");
  }
  Interrupts::ForgetSender(sender);
}

void TestOneThread() {
  Interrupts& interrupts = Interrupts::Get();
  bool is_full = false;
  Text reply;
  uint64_t uid;
  uint64_t waiting;
  {
    Environment environment(true);
    uid = environment.uid;
    CHECK(interrupts.Find(environment.tid, environment.thread_id) == uid, "not found");
    CHECK(interrupts.Find(environment.tid, -1) == uid, "not found by its tid");
    CHECK(interrupts.Find(-1, environment.thread_id) == uid, "not found by its thread id");
    CHECK(interrupts.Find(environment.tid, environment.thread_id + 1) == Interrupts::kGone,
          "found under another thread id");

    const uint64_t failing = interrupts.Send(uid, 1, TextOf("fail"), true, &is_full);
    const uint64_t second = interrupts.Send(uid, 1, TextOf("second"), true, &is_full);
    CHECK(interrupts.Collect(second, &reply) == Delivery::kWaiting, "answered by nobody");
    environment.isolate.HandleInterrupts();
    CHECK(interrupts.Collect(failing, &reply) == Delivery::kFailed, "did not fail");
    CHECK(interrupts.Collect(second, &reply) == Delivery::kAnswered, "a failure stopped the rest");
    CHECK(!environment.isolate.is_terminated, "terminated for nothing");

    const uint64_t forgotten = interrupts.Send(uid, 1, TextOf("x"), true, &is_full);
    CHECK(interrupts.Forget(forgotten), "opened");
    CHECK(!interrupts.Forget(forgotten), "forgotten twice");

    // Of a termination nothing may be lost: it goes on to what was interrupted.
    const uint64_t terminated = interrupts.Send(uid, 1, TextOf("terminate"), true, &is_full);
    environment.isolate.HandleInterrupts();
    CHECK(environment.isolate.is_terminated, "a termination got lost");
    CHECK(interrupts.Collect(terminated, &reply) == Delivery::kTerminated, "not terminated");

    for (size_t i = 0; i < Interrupts::kMaxLetters; i++) {
      CHECK(interrupts.Send(uid, 2, TextOf("x"), true, &is_full) != 0, "full after %zu", i);
    }
    CHECK(interrupts.Send(uid, 1, TextOf("x"), true, &is_full) == 0 && is_full, "never full");
    Interrupts::ForgetSender(2);
    waiting = interrupts.Send(uid, 1, TextOf("x"), true, &is_full);
    CHECK(waiting != 0 && !is_full, "full without letters");
  }
  CHECK(interrupts.Collect(waiting, &reply) == Delivery::kEnded, "did not end with its thread");
  CHECK(interrupts.Send(uid, 1, TextOf("x"), true, &is_full) == 0 && !is_full, "sent to nobody");
  CHECK(interrupts.Find(Tid(), -1) == Interrupts::kGone, "found after its end");
}

// A child has none of its parent's threads, and no lock of theirs.
void TestFork() {
  Environment environment(false);
  for (int i = 0; i < 20; i++) {
    fflush(nullptr);
    const pid_t child = fork();
    if (child == 0) {
      alarm(10);
      failures = 0;
      bool is_full = false;
      Interrupts& interrupts = Interrupts::Get();
      CHECK(interrupts.Find(environment.tid, -1) == Interrupts::kGone, "the parent's thread");
      CHECK(interrupts.Send(environment.uid, 1, TextOf("x"), true, &is_full) == 0, "sent");
      Interrupts::Deliver(environment.uid);
      Interrupts::Withdraw(environment.uid);
      _exit(failures == 0 ? 0 : 9);
    }
    int status = 0;
    waitpid(child, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a child ended with 0x%x", status);
  }
}

}  // namespace

int main() {
  v8::Isolate* isolate = nullptr;
  CHECK(Interrupts::FindIsolate(&isolate)[0] != '\0', "an isolate on a thread without one");
  TestOneThread();
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; i++) threads.emplace_back(LiveAndDie);
  for (int i = 0; i < kWriters; i++) threads.emplace_back(Write, i + 1);
  if (kForks) TestFork();
  usleep(1500000);
  stop = true;
  for (auto& thread : threads) thread.join();
  CHECK(answered > 1000, "only %d letters were answered", answered.load());
  CHECK(ended > 0, "no thread ended with a letter");
  return Finish("interrupts_test");
}

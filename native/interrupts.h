// Letters to threads that run JavaScript. Each is opened on its thread as soon as that can run any:
// in the middle of a loop by an interrupt of V8, in an idle event loop by waking it. Whichever
// comes first takes what is there.
#ifndef THREADMETER_INTERRUPTS_H_
#define THREADMETER_INTERRUPTS_H_

#include <pthread.h>
#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "text.h"

namespace v8 {
class Isolate;  // opaque: the addon is built without V8's headers
}

namespace threadmeter {

// How a thread is woken, and how it answers.
struct Recipient {
  uint64_t uid;
  pid_t tid;
  int thread_id;
  v8::Isolate* isolate;
  void* context;
  // From any thread, under the lock. False when it can no longer be woken.
  bool (*wake)(void* context);

  enum class Outcome {
    kIdle,  // there is nothing to answer
    kAnswered,
    kFailed,
    kTerminated,  // whoever ends what runs on the thread, as a time-out does, hit the answer
  };
  // On the thread itself.
  Outcome (*answer)(void* context, const Text& letter, Text* reply);

  bool is_ending = false;
  bool is_interrupt_due = false;
  bool is_answering = false;
};

class Interrupts {
 public:
  enum class Delivery {
    kWaiting,
    kAnswered,
    kFailed,
    kTerminated,
    kEnded,    // the recipient is gone
    kUnknown,  // no such letter: taken or forgotten
  };

  static constexpr uint64_t kGone = 0;
  static constexpr size_t kMaxLetters = 256;

  // Of this process: a child of fork() finds a fresh one, in which no thread is known.
  static Interrupts& Get();

  // '' or what V8 lacks here, and the isolate of the calling thread.
  static const char* FindIsolate(v8::Isolate** isolate);

  // By which letters reach a recipient; never 0, and never used twice.
  uint64_t NewUid();
  // Enters a recipient, on its thread.
  void Offer(const Recipient& recipient);
  // On the recipient's thread, before its environment ends: letters to it end.
  static void Withdraw(uint64_t uid);
  // On the recipient's thread, while JavaScript still runs on it: tells whoever converses with it.
  void AnnounceEnd(uint64_t uid);
  bool IsEnding(uint64_t uid);
  // The uid of the thread that has offered itself, else kGone; a negative number is any.
  uint64_t Find(pid_t tid, int thread_id);

  // Returns the letter's number, or 0 when the recipient is gone, or there are too many letters
  // (`is_full`).
  uint64_t Send(uint64_t uid, uint64_t sender, Text text, bool wants_reply, bool* is_full);
  // What became of a letter; an answer and an end are told once.
  Delivery Collect(uint64_t letter, Text* reply);
  // Nobody waits for the letter any more. True when it had not been opened, and never will be.
  bool Forget(uint64_t letter);
  // The sender ends: nobody is left to collect the answers.
  static void ForgetSender(uint64_t sender);

  // Opens what waits for the calling thread. False when a termination came in between.
  static bool Deliver(uint64_t uid);

 private:
  struct Letter {
    uint64_t id = 0;
    uint64_t recipient = kGone;
    uint64_t sender = 0;
    bool wants_reply = true;
    bool is_taken = false;
    Delivery state = Delivery::kWaiting;
    Text text;
    Text reply;
  };
  class Lock;

  explicit Interrupts(pid_t pid);
  static void OnInterrupt(v8::Isolate* isolate, void* uid);
  Recipient::Outcome AnswerNext(uint64_t uid);
  Recipient* FindRecipient(uint64_t uid);
  Letter* FindLetter(uint64_t id);
  Letter* NextFor(uint64_t uid);
  void Remove(Letter* letter);
  void Notify(Recipient* recipient);

  const pid_t pid_;
  pthread_mutex_t mutex_;
  std::vector<Recipient*> recipients_;
  std::vector<Letter*> letters_;  // in the order in which they were sent
  uint64_t next_uid_ = 1;
  uint64_t next_letter_ = 1;
};

}  // namespace threadmeter

#endif  // THREADMETER_INTERRUPTS_H_

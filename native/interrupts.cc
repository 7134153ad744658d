#include "interrupts.h"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

namespace threadmeter {
namespace {

using InterruptCallback = void (*)(v8::Isolate*, void*);
using GetCurrent = v8::Isolate* (*)();
using RequestInterrupt = void (*)(v8::Isolate*, InterruptCallback, void*);
using Terminate = void (*)(v8::Isolate*);

// Static and other methods of v8::Isolate, by name at run time: a host without them still loads the
// addon. The names follow the Itanium C++ ABI, by which a method is a function whose first argument
// is `this`.
constexpr char kGetCurrent[] = "_ZN2v87Isolate10GetCurrentEv";
constexpr char kRequestInterrupt[] = "_ZN2v87Isolate16RequestInterruptEPFvPS0_PvES2_";
constexpr char kTerminateExecution[] = "_ZN2v87Isolate18TerminateExecutionEv";
constexpr char kCancelTerminateExecution[] = "_ZN2v87Isolate24CancelTerminateExecutionEv";

std::atomic<Interrupts*> current{nullptr};
std::atomic<RequestInterrupt> request_interrupt{nullptr};
std::atomic<Terminate> terminate_execution{nullptr};
std::atomic<Terminate> cancel_terminate_execution{nullptr};

template <typename Function>
Function Symbol(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
}

Interrupts::Delivery StateAfter(Recipient::Outcome outcome) {
  using Delivery = Interrupts::Delivery;
  if (outcome == Recipient::Outcome::kAnswered) return Delivery::kAnswered;
  return outcome == Recipient::Outcome::kFailed ? Delivery::kFailed : Delivery::kTerminated;
}

}  // namespace

class Interrupts::Lock {
 public:
  explicit Lock(Interrupts& interrupts) : mutex_(interrupts.mutex_) { pthread_mutex_lock(&mutex_); }
  ~Lock() { pthread_mutex_unlock(&mutex_); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  pthread_mutex_t& mutex_;
};

Interrupts& Interrupts::Get() {
  const pid_t pid = getpid();
  Interrupts* interrupts = current.load(std::memory_order_acquire);
  while (interrupts == nullptr || interrupts->pid_ != pid) {
    // Leaked on purpose, and so is the parent's after a fork: its lock may be held by a thread that
    // does not exist here.
    auto* fresh = new Interrupts(pid);
    if (current.compare_exchange_strong(interrupts, fresh, std::memory_order_acq_rel)) {
      return *fresh;
    }
    delete fresh;
  }
  return *interrupts;
}

Interrupts::Interrupts(pid_t pid) : pid_(pid) { pthread_mutex_init(&mutex_, nullptr); }

const char* Interrupts::FindIsolate(v8::Isolate** isolate) {
  const auto get_current = Symbol<GetCurrent>(kGetCurrent);
  const auto request = Symbol<RequestInterrupt>(kRequestInterrupt);
  const auto terminate = Symbol<Terminate>(kTerminateExecution);
  const auto cancel = Symbol<Terminate>(kCancelTerminateExecution);
  if (get_current == nullptr) return "this host lacks v8::Isolate::GetCurrent";
  if (request == nullptr) return "this host lacks v8::Isolate::RequestInterrupt";
  if (terminate == nullptr) return "this host lacks v8::Isolate::TerminateExecution";
  if (cancel == nullptr) return "this host lacks v8::Isolate::CancelTerminateExecution";
  *isolate = get_current();
  if (*isolate == nullptr) return "this thread has no isolate";
  request_interrupt = request;
  terminate_execution = terminate;
  cancel_terminate_execution = cancel;
  return "";
}

uint64_t Interrupts::NewUid() {
  Lock lock(*this);
  return next_uid_++;
}

void Interrupts::Offer(const Recipient& recipient) {
  auto* entry = new Recipient(recipient);
  Lock lock(*this);
  recipients_.push_back(entry);
}

void Interrupts::Withdraw(uint64_t uid) {
  Interrupts& interrupts = Get();
  Lock lock(interrupts);
  Recipient* recipient = interrupts.FindRecipient(uid);
  if (recipient == nullptr) return;
  std::erase(interrupts.recipients_, recipient);
  delete recipient;
  for (size_t i = interrupts.letters_.size(); i-- > 0;) {
    Letter* letter = interrupts.letters_[i];
    if (letter->recipient != uid || letter->state != Delivery::kWaiting) continue;
    letter->state = Delivery::kEnded;
    if (!letter->wants_reply) interrupts.Remove(letter);
  }
}

void Interrupts::AnnounceEnd(uint64_t uid) {
  Lock lock(*this);
  if (Recipient* recipient = FindRecipient(uid)) recipient->is_ending = true;
}

bool Interrupts::IsEnding(uint64_t uid) {
  Lock lock(*this);
  const Recipient* recipient = FindRecipient(uid);
  return recipient != nullptr && recipient->is_ending;
}

uint64_t Interrupts::Find(pid_t tid, int thread_id) {
  Lock lock(*this);
  // The last one: an environment may have loaded the addon twice.
  for (size_t i = recipients_.size(); i-- > 0;) {
    const Recipient* recipient = recipients_[i];
    if (tid >= 0 && recipient->tid != tid) continue;
    if (thread_id < 0 || recipient->thread_id == thread_id) return recipient->uid;
  }
  return kGone;
}

uint64_t Interrupts::Send(uint64_t uid, uint64_t sender, Text text, bool wants_reply,
                          bool* is_full) {
  auto* letter = new Letter;
  letter->recipient = uid;
  letter->sender = sender;
  letter->wants_reply = wants_reply;
  letter->text = std::move(text);
  Lock lock(*this);
  Recipient* recipient = FindRecipient(uid);
  *is_full = letters_.size() >= kMaxLetters;
  if (recipient == nullptr || *is_full) {
    delete letter;
    return 0;
  }
  letter->id = next_letter_++;
  letters_.push_back(letter);
  Notify(recipient);
  return letter->id;
}

// Under the lock, without which the isolate could end meanwhile: Withdraw() comes before that.
void Interrupts::Notify(Recipient* recipient) {
  if (!recipient->is_interrupt_due) {
    recipient->is_interrupt_due = true;
    // A number, which is valid whenever V8 comes to it: also after the environment ended.
    request_interrupt.load()(recipient->isolate, OnInterrupt,
                             reinterpret_cast<void*>(recipient->uid));
  }
  if (recipient->wake != nullptr && !recipient->wake(recipient->context)) recipient->wake = nullptr;
}

Interrupts::Delivery Interrupts::Collect(uint64_t id, Text* reply) {
  Lock lock(*this);
  Letter* letter = FindLetter(id);
  if (letter == nullptr) return Delivery::kUnknown;
  const Delivery state = letter->state;
  if (state == Delivery::kWaiting) return state;
  *reply = std::move(letter->reply);
  Remove(letter);
  return state;
}

bool Interrupts::Forget(uint64_t id) {
  Lock lock(*this);
  Letter* letter = FindLetter(id);
  if (letter == nullptr) return false;
  const bool is_taken = letter->is_taken;
  Remove(letter);
  return !is_taken;
}

void Interrupts::ForgetSender(uint64_t sender) {
  Interrupts& interrupts = Get();
  Lock lock(interrupts);
  for (size_t i = interrupts.letters_.size(); i-- > 0;) {
    Letter* letter = interrupts.letters_[i];
    if (letter->sender == sender && letter->wants_reply) interrupts.Remove(letter);
  }
}

void Interrupts::OnInterrupt(v8::Isolate* isolate, void* value) {
  const auto uid = reinterpret_cast<uint64_t>(value);
  {
    Interrupts& interrupts = Get();
    Lock lock(interrupts);
    Recipient* recipient = interrupts.FindRecipient(uid);
    if (recipient == nullptr) return;
    recipient->is_interrupt_due = false;
  }
  // It was meant for what was interrupted, and V8 took it for done when it ended the answer: a
  // worker would run on after terminate(), and a script after its time-out.
  if (Deliver(uid)) return;
  // V8 before 12 keeps the one that hit the answer scheduled, and Atomics.wait() aborts the process
  // when it finds that beside another.
  cancel_terminate_execution.load()(isolate);
  terminate_execution.load()(isolate);
}

bool Interrupts::Deliver(uint64_t uid) {
  Interrupts& interrupts = Get();
  {
    Lock lock(interrupts);
    Recipient* recipient = interrupts.FindRecipient(uid);
    // What comes in the middle of an answer is opened when that is given.
    if (recipient == nullptr || recipient->is_answering) return true;
    recipient->is_answering = true;
  }
  using Outcome = Recipient::Outcome;
  Outcome outcome;
  do {
    outcome = interrupts.AnswerNext(uid);
  } while (outcome == Outcome::kAnswered || outcome == Outcome::kFailed);
  return outcome == Outcome::kIdle;
}

Recipient::Outcome Interrupts::AnswerNext(uint64_t uid) {
  using Outcome = Recipient::Outcome;
  Text text;
  Text reply;
  Recipient recipient;
  uint64_t id;
  {
    Lock lock(*this);
    Recipient* found = FindRecipient(uid);
    Letter* letter = found == nullptr ? nullptr : NextFor(uid);
    if (letter == nullptr) {
      if (found != nullptr) found->is_answering = false;
      return Outcome::kIdle;
    }
    recipient = *found;
    id = letter->id;
    text = std::move(letter->text);
    letter->is_taken = true;
    if (!letter->wants_reply) Remove(letter);
  }
  const Outcome outcome = recipient.answer(recipient.context, text, &reply);
  Lock lock(*this);
  if (outcome == Outcome::kTerminated) {
    if (Recipient* found = FindRecipient(uid)) found->is_answering = false;
  }
  if (Letter* letter = FindLetter(id)) {
    letter->state = StateAfter(outcome);
    letter->reply = std::move(reply);
  }
  return outcome;
}

Recipient* Interrupts::FindRecipient(uint64_t uid) {
  auto found = std::find_if(recipients_.begin(), recipients_.end(),
                            [uid](Recipient* recipient) { return recipient->uid == uid; });
  return found == recipients_.end() ? nullptr : *found;
}

Interrupts::Letter* Interrupts::FindLetter(uint64_t id) {
  auto found = std::find_if(letters_.begin(), letters_.end(),
                            [id](Letter* letter) { return letter->id == id; });
  return found == letters_.end() ? nullptr : *found;
}

Interrupts::Letter* Interrupts::NextFor(uint64_t uid) {
  auto found = std::find_if(letters_.begin(), letters_.end(), [uid](Letter* letter) {
    return letter->recipient == uid && !letter->is_taken;
  });
  return found == letters_.end() ? nullptr : *found;
}

void Interrupts::Remove(Letter* letter) {
  std::erase(letters_, letter);
  delete letter;
}

}  // namespace threadmeter

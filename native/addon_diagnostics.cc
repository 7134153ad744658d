// The addon's face, the part of diagnostics: what turns letters between threads into calls of
// JavaScript.
#include <sys/syscall.h>
#include <unistd.h>

#include "environment.h"
#include "interrupts.h"

namespace threadmeter {
namespace {

constexpr size_t kLongestText = size_t{256} << 20;

// What one environment answers letters with.
struct Answerer {
  napi_env env;
  napi_ref callback;
  napi_threadsafe_function wake;
  uint64_t uid;
};

bool ToText(napi_env env, napi_value value, Text* text) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) return false;
  if (length > kLongestText || !text->Reserve(length)) return false;
  return napi_get_value_string_utf8(env, value, text->data(), length + 1, &length) == napi_ok;
}

// Why a call failed. The callback catches all that can be caught: an exception is the end of the
// stack, and what is no object, or none at all, is a termination.
Recipient::Outcome TakeFailure(napi_env env) {
  bool is_pending = false;
  napi_value exception;
  napi_valuetype type = napi_undefined;
  if (napi_is_exception_pending(env, &is_pending) == napi_ok && is_pending &&
      napi_get_and_clear_last_exception(env, &exception) == napi_ok) {
    napi_typeof(env, exception, &type);
  }
  return type == napi_object ? Recipient::Outcome::kFailed : Recipient::Outcome::kTerminated;
}

Recipient::Outcome Call(const Answerer& answerer, const Text& letter, Text* reply) {
  napi_env env = answerer.env;
  napi_value callback;
  napi_value receiver;
  napi_value argument;
  napi_value result;
  if (napi_get_reference_value(env, answerer.callback, &callback) != napi_ok ||
      napi_get_undefined(env, &receiver) != napi_ok ||
      napi_create_string_utf8(env, letter.data(), letter.size(), &argument) != napi_ok) {
    return Recipient::Outcome::kFailed;
  }
  // Runs neither microtasks nor ticks, as befits a call in the middle of somebody else's work.
  const napi_status status = napi_call_function(env, receiver, callback, 1, &argument, &result);
  if (status != napi_ok) return TakeFailure(env);
  return ToText(env, result, reply) ? Recipient::Outcome::kAnswered : Recipient::Outcome::kFailed;
}

Recipient::Outcome Answer(void* context, const Text& letter, Text* reply) {
  const auto& answerer = *static_cast<Answerer*>(context);
  napi_handle_scope scope;
  if (napi_open_handle_scope(answerer.env, &scope) != napi_ok) return Recipient::Outcome::kFailed;
  const auto outcome = Call(answerer, letter, reply);
  napi_close_handle_scope(answerer.env, scope);
  return outcome;
}

bool Wake(void* context) {
  const auto& answerer = *static_cast<Answerer*>(context);
  // A full queue is a thread that has been woken.
  return napi_call_threadsafe_function(answerer.wake, nullptr, napi_tsfn_nonblocking) !=
         napi_closing;
}

void OnWake(napi_env env, napi_value, void* uid, void*) {
  // Without an environment Node only empties the queue.
  if (env != nullptr) Interrupts::Deliver(reinterpret_cast<uint64_t>(uid));
}

void OnAnswererCleanup(void* context) {
  auto* answerer = static_cast<Answerer*>(context);
  Interrupts::Withdraw(answerer->uid);
  napi_delete_reference(answerer->env, answerer->callback);
  delete answerer;
}

void OnSenderCleanup(void* uid) { Interrupts::ForgetSender(reinterpret_cast<uint64_t>(uid)); }

bool CreateWake(napi_env env, uint64_t uid, napi_threadsafe_function* wake) {
  napi_value name;
  // The context is a number, which Node may hand back after all else is gone.
  return napi_create_string_utf8(env, "threadmeter", NAPI_AUTO_LENGTH, &name) == napi_ok &&
         napi_create_threadsafe_function(env, nullptr, nullptr, name, 1, 1, nullptr, nullptr,
                                         reinterpret_cast<void*>(uid), OnWake, wake) == napi_ok &&
         napi_unref_threadsafe_function(env, *wake) == napi_ok;
}

// offerInterrupts(threadId: number, answer: (letter: string) => string): '' or why it cannot be
Napi::Value OfferInterrupts(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  v8::Isolate* isolate = nullptr;
  const char* reason = Interrupts::FindIsolate(&isolate);
  if (reason[0] != '\0') return Napi::String::New(env, reason);
  const auto tid = static_cast<pid_t>(syscall(SYS_gettid));
  const int thread_id = info[0].As<Napi::Number>().Int32Value();
  Interrupts& interrupts = Interrupts::Get();
  auto* answerer = new Answerer{env, nullptr, nullptr, interrupts.NewUid()};
  if (napi_create_reference(env, info[1], 1, &answerer->callback) != napi_ok ||
      !CreateWake(env, answerer->uid, &answerer->wake)) {
    if (answerer->callback != nullptr) napi_delete_reference(env, answerer->callback);
    delete answerer;
    return Napi::String::New(env, "this host makes no threadsafe function");
  }
  interrupts.Offer({answerer->uid, tid, thread_id, isolate, answerer, Wake, Answer});
  Of(info).answerer_uid = answerer->uid;
  // After the threadsafe function's own hook, and so run before it: none wakes what is gone.
  napi_add_env_cleanup_hook(env, OnAnswererCleanup, answerer);
  return Napi::String::New(env, "");
}

// interruptible(tid: number, threadId: number): number by which letters reach the thread, 0 when
// none do; a negative number is any
Napi::Value Interruptible(const Napi::CallbackInfo& info) {
  const uint64_t uid = Interrupts::Get().Find(info[0].As<Napi::Number>().Int32Value(),
                                              info[1].As<Napi::Number>().Int32Value());
  return Napi::Number::New(info.Env(), static_cast<double>(uid));
}

// announceEnd(): void; of the calling thread
void AnnounceEnd(const Napi::CallbackInfo& info) {
  Interrupts::Get().AnnounceEnd(Of(info).answerer_uid);
}

// isEnding(recipient: number): boolean
Napi::Value IsEnding(const Napi::CallbackInfo& info) {
  const auto recipient = static_cast<uint64_t>(info[0].As<Napi::Number>().Int64Value());
  return Napi::Boolean::New(info.Env(), Interrupts::Get().IsEnding(recipient));
}

// sendLetter(recipient: number, text: string, wantsReply: boolean): the letter's number; 0 when the
// recipient is gone, -1 when there are too many letters, -2 when there is no memory for it
Napi::Value SendLetter(const Napi::CallbackInfo& info) {
  Environment& environment = Of(info);
  if (!environment.sends_letters) {
    environment.sends_letters = true;
    napi_add_env_cleanup_hook(info.Env(), OnSenderCleanup,
                              reinterpret_cast<void*>(environment.uid));
  }
  Text text;
  if (!ToText(info.Env(), info[1], &text)) return Napi::Number::New(info.Env(), -2);
  bool is_full = false;
  const auto recipient = static_cast<uint64_t>(info[0].As<Napi::Number>().Int64Value());
  const uint64_t letter = Interrupts::Get().Send(recipient, environment.uid, std::move(text),
                                                 info[2].As<Napi::Boolean>(), &is_full);
  return Napi::Number::New(info.Env(), is_full ? -1 : static_cast<double>(letter));
}

// takeReply(letter: number): the answer, or a number: 0 not yet, 2 failed, 3 terminated in the
// middle, 4 the thread ended, 5 there is no such letter
Napi::Value TakeReply(const Napi::CallbackInfo& info) {
  Text reply;
  const auto letter = static_cast<uint64_t>(info[0].As<Napi::Number>().Int64Value());
  const Interrupts::Delivery delivery = Interrupts::Get().Collect(letter, &reply);
  if (delivery != Interrupts::Delivery::kAnswered) {
    return Napi::Number::New(info.Env(), static_cast<int>(delivery));
  }
  return Napi::String::New(info.Env(), reply.data(), reply.size());
}

// forgetLetter(letter: number): boolean; true when it had not been opened, and never will be
Napi::Value ForgetLetter(const Napi::CallbackInfo& info) {
  const auto letter = static_cast<uint64_t>(info[0].As<Napi::Number>().Int64Value());
  return Napi::Boolean::New(info.Env(), Interrupts::Get().Forget(letter));
}

}  // namespace

void ExportDiagnosticCalls(Napi::Env env, Napi::Object exports) {
  exports["offerInterrupts"] = Napi::Function::New<OfferInterrupts>(env);
  exports["interruptible"] = Napi::Function::New<Interruptible>(env);
  exports["announceEnd"] = Napi::Function::New<AnnounceEnd>(env);
  exports["isEnding"] = Napi::Function::New<IsEnding>(env);
  exports["sendLetter"] = Napi::Function::New<SendLetter>(env);
  exports["takeReply"] = Napi::Function::New<TakeReply>(env);
  exports["forgetLetter"] = Napi::Function::New<ForgetLetter>(env);
}

}  // namespace threadmeter

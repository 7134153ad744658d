// The addon's face, the part of meter files and their readers: argument checks only.
#include <errno.h>
#include <math.h>
#include <sys/file.h>

#include "environment.h"
#include "event_loop.h"
#include "mapping.h"
#include "registry.h"
#include "task_figures.h"

namespace threadmeter {
namespace {

// The argument as a whole number from `least` to `most`; else `otherwise`.
int64_t WholeNumber(const Napi::Value& argument, int64_t least, int64_t most, int64_t otherwise) {
  if (!argument.IsNumber()) return otherwise;
  const double number = argument.As<Napi::Number>().DoubleValue();
  if (!(number >= static_cast<double>(least) && number <= static_cast<double>(most))) {
    return otherwise;
  }
  const auto whole = static_cast<int64_t>(number);
  return static_cast<double>(whole) == number ? whole : otherwise;
}

constexpr int64_t kLargestInteger = int64_t{1} << 53;

int Descriptor(const Napi::Value& argument) {
  return static_cast<int>(WholeNumber(argument, 0, INT32_MAX, -1));
}

// A segment whose memory is an ArrayBuffer's.
struct Owned {
  Segment segment;
  bool is_handed_over = false;
};

void OnSegmentCollected(napi_env, void*, void* hint) {
  auto* owned = static_cast<Owned*>(hint);
  UnmapSegment(&owned->segment);
  if (owned->is_handed_over) delete owned;
}

// An ArrayBuffer that takes the segment over; null when this host makes none.
napi_value HandOver(napi_env env, const Segment& segment, size_t bytes) {
  auto* owned = new Owned{segment};
  napi_value buffer = nullptr;
  const napi_status status = napi_create_external_arraybuffer(env, segment.data, bytes,
                                                              OnSegmentCollected, owned, &buffer);
  owned->is_handed_over = true;
  if (status == napi_ok) return buffer;
  // Whether the finalizer has run, will run or never runs depends on how far Node got, which
  // nothing tells: the memory goes now, and a few bytes stay for a finalizer to come.
  UnmapSegment(&owned->segment);
  return nullptr;
}

// mapSegment(fd: number, offset: number, bytes: number): ArrayBuffer, or the errno
Napi::Value MapFile(const Napi::CallbackInfo& info) {
  const int64_t offset = WholeNumber(info[1], 0, kLargestInteger, -1);
  const int64_t bytes = WholeNumber(info[2], 1, kLargestInteger, -1);
  Segment segment;
  int error = MapSegment(Descriptor(info[0]), offset, bytes, &segment);
  if (error == 0) {
    if (napi_value buffer = HandOver(info.Env(), segment, static_cast<size_t>(bytes))) {
      return Napi::Value(info.Env(), buffer);
    }
    error = ENOTSUP;
  }
  return Napi::Number::New(info.Env(), error);
}

// bindMeter(fd: number): 0 or the errno; -1 unbinds
Napi::Value BindMeter(const Napi::CallbackInfo& info) {
  constexpr int kNothing = -2;
  const auto fd = static_cast<int>(WholeNumber(info[0], -1, INT32_MAX, kNothing));
  const int error = fd == kNothing ? EBADF : Registry::BindMeter(Of(info).uid, fd);
  return Napi::Number::New(info.Env(), error);
}

// lockFile(fd: number): whether the file is this descriptor's alone now
Napi::Value LockFile(const Napi::CallbackInfo& info) {
  const bool is_locked = flock(Descriptor(info[0]), LOCK_EX | LOCK_NB) == 0;
  return Napi::Boolean::New(info.Env(), is_locked);
}

// runtimeDirectory(path?: string): the process's, once it is set
Napi::Value RuntimeDirectory(const Napi::CallbackInfo& info) {
  std::string path;
  if (info[0].IsString()) path = info[0].As<Napi::String>().Utf8Value();
  {
    Registry& registry = Registry::Get();
    Registry::Lock lock(registry);
    if (info[0].IsString()) registry.runtime_directory = path;
    path = registry.runtime_directory;
  }
  return Napi::String::New(info.Env(), path);
}

// takeObserverRole(): void
void TakeObserverRole(const Napi::CallbackInfo& info) {
  Registry::TakeRole(Of(info).uid, Role::kObserver);
}

// taskFigures(pid: number, tid: number, files: number): false when the thread is gone; scratch: as
// TaskFigure says
Napi::Value ReadFiguresOfTask(const Napi::CallbackInfo& info) {
  const auto pid = static_cast<pid_t>(WholeNumber(info[0], 1, INT32_MAX, 0));
  const auto tid = static_cast<pid_t>(WholeNumber(info[1], 1, INT32_MAX, 0));
  const auto files = static_cast<unsigned>(WholeNumber(info[2], 0, UINT32_MAX, 0));
  const bool is_there = pid > 0 && tid > 0 && ReadTaskFigures(pid, tid, files, Of(info).scratch);
  return Napi::Boolean::New(info.Env(), is_there);
}

// loopTurns(uid: number): how many turns a thread's event loop has begun, or NaN
Napi::Value ReadLoopTurns(const Napi::CallbackInfo& info) {
  const auto uid = static_cast<uint64_t>(WholeNumber(info[0], 1, kLargestInteger, 0));
  Registry& registry = Registry::Get();
  Registry::Lock lock(registry);
  // Within the lock: a loop is detached before it is closed.
  for (const Task* task : registry.tasks()) {
    if (task->uid != uid) continue;
    const int64_t turns = task->loop == nullptr ? -1 : LoopTurns(task->loop);
    return Napi::Number::New(info.Env(), turns < 0 ? NAN : static_cast<double>(turns));
  }
  return Napi::Number::New(info.Env(), NAN);
}

}  // namespace

void ExportMeterCalls(Napi::Env env, Napi::Object exports) {
  exports["mapSegment"] = Napi::Function::New<MapFile>(env);
  exports["bindMeter"] = Napi::Function::New<BindMeter>(env);
  exports["lockFile"] = Napi::Function::New<LockFile>(env);
  exports["runtimeDirectory"] = Napi::Function::New<RuntimeDirectory>(env);
  exports["takeObserverRole"] = Napi::Function::New<TakeObserverRole>(env);
  exports["loopTurns"] = Napi::Function::New<ReadLoopTurns>(env);
  exports["taskFigures"] = Napi::Function::New<ReadFiguresOfTask>(env);
}

}  // namespace threadmeter

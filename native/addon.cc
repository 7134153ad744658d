// The addon's face: registration and argument checks only. Hot calls take no argument and return
// nothing; they leave their figures in one Float64Array per environment, from which JavaScript
// builds the objects: a tenth of the cost of building them here.
#include <errno.h>
#include <napi.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "environment.h"
#include "event_loop.h"
#include "registry.h"

namespace threadmeter {
namespace {

void OnEnvironmentCleanup(void* uid) { Registry::DetachLoop(reinterpret_cast<uint64_t>(uid)); }

// init(scratch: Float64Array, isMain: boolean, threadId: number, name: string): void
void Init(const Napi::CallbackInfo& info) {
  Environment& environment = Of(info);
  if (environment.uid != 0) return;
  auto scratch = info[0].As<Napi::Float64Array>();
  environment.scratch = scratch.Data();
  environment.scratch_reference = Napi::Persistent(scratch);
  uv_loop_s* loop = nullptr;
  if (napi_get_uv_event_loop(info.Env(), &loop) != napi_ok) loop = nullptr;
  environment.uid = Registry::Get().RegisterThread(
      info[1].As<Napi::Boolean>(), info[2].As<Napi::Number>().Int32Value(),
      info[3].As<Napi::String>().Utf8Value().c_str(), loop);
  napi_add_env_cleanup_hook(info.Env(), OnEnvironmentCleanup,
                            reinterpret_cast<void*>(environment.uid));
}

// cpuTime(): void; scratch: ns
void CpuTime(const Napi::CallbackInfo& info) {
  Of(info).scratch[0] = static_cast<double>(OwnThreadCpuTime());
}

// usage(): void; scratch: user us, system us, minor faults, major faults, voluntary and involuntary
// switches, block input, block output
void Usage(const Napi::CallbackInfo& info) {
  Environment& environment = Of(info);
  const ThreadUsage usage = OwnThreadUsage(&environment.split);
  double* out = environment.scratch;
  out[0] = static_cast<double>(usage.cpu.user_us);
  out[1] = static_cast<double>(usage.cpu.system_us);
  out[2] = static_cast<double>(usage.minor_faults);
  out[3] = static_cast<double>(usage.major_faults);
  out[4] = static_cast<double>(usage.voluntary_switches);
  out[5] = static_cast<double>(usage.involuntary_switches);
  out[6] = static_cast<double>(usage.block_input);
  out[7] = static_cast<double>(usage.block_output);
}

// gettid(): number
Napi::Value Gettid(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(syscall(SYS_gettid)));
}

// setThreadName(name: string): boolean; false on the process's first thread
Napi::Value SetThreadName(const Napi::CallbackInfo& info) {
  const std::string name = info[0].As<Napi::String>().Utf8Value();
  return Napi::Boolean::New(info.Env(), Registry::RenameThread(name.c_str()));
}

// look(rows: Float64Array, flags, knownVersion, knownEndedVersion): number of threads, which may be
// more than there was room for; scratch: version, ended version, time in ns, process user and
// system us
Napi::Value TakeLook(const Napi::CallbackInfo& info) {
  Environment& environment = Of(info);
  auto rows = info[0].As<Napi::Float64Array>();
  const auto flags = info[1].As<Napi::Number>().Uint32Value();
  const auto known_version = static_cast<uint64_t>(info[2].As<Napi::Number>().Int64Value());
  const auto known_ended = static_cast<uint64_t>(info[3].As<Napi::Number>().Int64Value());
  Look& look = environment.look;
  threadmeter::TakeLook(rows.Data(), rows.ElementLength() / kColumns, flags, known_version,
                        known_ended, &look);
  double* out = environment.scratch;
  out[0] = static_cast<double>(look.version);
  out[1] = static_cast<double>(look.ended_version);
  out[2] = static_cast<double>(look.taken_ns);
  out[3] = static_cast<double>(look.process.user_us);
  out[4] = static_cast<double>(look.process.system_us);
  return Napi::Number::New(info.Env(), static_cast<double>(look.threads));
}

// identities(): [uid, tid, threadId, role, endedSlot, startTimeMs, name][] of the last look whose
// version differed from the known one
Napi::Value Identities(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const auto& identities = Of(info).look.identities;
  auto list = Napi::Array::New(env, identities.size());
  for (size_t i = 0; i < identities.size(); i++) {
    const Identity& identity = identities[i];
    auto entry = Napi::Array::New(env, 7);
    entry[0u] = Napi::Number::New(env, static_cast<double>(identity.uid));
    entry[1u] = Napi::Number::New(env, identity.tid);
    entry[2u] = Napi::Number::New(env, identity.thread_id);
    entry[3u] = Napi::Number::New(env, static_cast<int>(identity.role));
    entry[4u] = Napi::Number::New(env, identity.ended_slot);
    entry[5u] = Napi::Number::New(env, identity.start_time_ms);
    entry[6u] = Napi::String::New(env, identity.name);
    list[static_cast<uint32_t>(i)] = entry;
  }
  return list;
}

// ended(): [name, threads, user us, system us, cpu ns, run delay ns, voluntary, involuntary][] of
// the last look that asked for it and found a change; its place in the list is the ended slot
Napi::Value Ended(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const auto& ended = Of(info).look.ended;
  auto list = Napi::Array::New(env, ended.size());
  for (size_t i = 0; i < ended.size(); i++) {
    const EndedTotals& totals = ended[i];
    auto entry = Napi::Array::New(env, 8);
    entry[0u] = Napi::String::New(env, totals.name);
    const int64_t figures[] = {
        totals.threads,      totals.cpu.user_us,        totals.cpu.system_us,       totals.cpu_ns,
        totals.run_delay_ns, totals.voluntary_switches, totals.involuntary_switches};
    for (uint32_t field = 0; field < 7; field++) {
      entry[field + 1] = Napi::Number::New(env, static_cast<double>(figures[field]));
    }
    list[static_cast<uint32_t>(i)] = entry;
  }
  return list;
}

// lateEndings(): [uid, endedSlot][] of the same look: threads that registered after looks may have
// seen them, and have ended
Napi::Value LateEndings(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const auto& endings = Of(info).look.late_endings;
  auto list = Napi::Array::New(env, endings.size());
  for (size_t i = 0; i < endings.size(); i++) {
    auto entry = Napi::Array::New(env, 2);
    entry[0u] = Napi::Number::New(env, static_cast<double>(endings[i].uid));
    entry[1u] = Napi::Number::New(env, endings[i].ended_slot);
    list[static_cast<uint32_t>(i)] = entry;
  }
  return list;
}

// processParts(): boolean; scratch: user and system us of main, workers, helpers, exited, total
Napi::Value ProcessParts(const Napi::CallbackInfo& info) {
  threadmeter::ProcessParts parts;
  if (!ReadProcessParts(&parts)) return Napi::Boolean::New(info.Env(), false);
  double* out = Of(info).scratch;
  for (const CpuSplit* part :
       {&parts.main, &parts.workers, &parts.helpers, &parts.exited, &parts.total}) {
    *out++ = static_cast<double>(part->user_us);
    *out++ = static_cast<double>(part->system_us);
  }
  return Napi::Boolean::New(info.Env(), true);
}

// waitingForCpu(tid: number): boolean
Napi::Value WaitingForCpu(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), IsWaitingForCpu(info[0].As<Napi::Number>().Int32Value()));
}

// procfs(): '' or why /proc/self/task cannot be used
Napi::Value Procfs(const Napi::CallbackInfo& info) {
  Registry& registry = Registry::Get();
  Registry::Lock lock(registry);
  const int error = registry.procfs_error();
  // CheckProcNamespace() says EXDEV, whose own text would mislead.
  const char* reason = error == 0       ? ""
                       : error == EXDEV ? "it belongs to another PID namespace"
                                        : strerror(error);
  return Napi::String::New(info.Env(), reason);
}

// schedstat(): '' or why the calling thread's run-queue delay cannot be read
Napi::Value Schedstat(const Napi::CallbackInfo& info) {
  errno = 0;
  const bool readable = OwnRunDelay() >= 0;
  return Napi::String::New(info.Env(), readable ? "" : strerror(errno == 0 ? EINVAL : errno));
}

// eventLoop(): '' or why the event loops of threads cannot be read
Napi::Value EventLoop(const Napi::CallbackInfo& info) {
  Registry::Lock lock(Registry::Get());  // statics are not initialized thread-safely in this binary
  uv_loop_s* loop = nullptr;
  const bool has_loop = napi_get_uv_event_loop(info.Env(), &loop) == napi_ok && loop != nullptr;
  const char* reason = !has_loop                ? "this host has no libuv loop"
                       : LoopIdleTime(loop) < 0 ? "this host's libuv lacks uv_metrics_idle_time"
                                                : "";
  return Napi::String::New(info.Env(), reason);
}

Napi::Object InitModule(Napi::Env env, Napi::Object exports) {
  if (env.GetInstanceData<Environment>() == nullptr) env.SetInstanceData(new Environment);
  exports["scratchLength"] = Napi::Number::New(env, static_cast<double>(kScratchLength));
  exports["init"] = Napi::Function::New<Init>(env);
  exports["cpuTime"] = Napi::Function::New<CpuTime>(env);
  exports["usage"] = Napi::Function::New<Usage>(env);
  exports["gettid"] = Napi::Function::New<Gettid>(env);
  exports["setThreadName"] = Napi::Function::New<SetThreadName>(env);
  exports["look"] = Napi::Function::New<TakeLook>(env);
  exports["identities"] = Napi::Function::New<Identities>(env);
  exports["ended"] = Napi::Function::New<Ended>(env);
  exports["lateEndings"] = Napi::Function::New<LateEndings>(env);
  exports["processParts"] = Napi::Function::New<ProcessParts>(env);
  exports["waitingForCpu"] = Napi::Function::New<WaitingForCpu>(env);
  exports["procfs"] = Napi::Function::New<Procfs>(env);
  exports["schedstat"] = Napi::Function::New<Schedstat>(env);
  exports["eventLoop"] = Napi::Function::New<EventLoop>(env);
  ExportMeterCalls(env, exports);
  ExportDiagnosticCalls(env, exports);
  return exports;
}

}  // namespace
}  // namespace threadmeter

using threadmeter::InitModule;
NODE_API_MODULE(threadmeter, InitModule)

// What the addon keeps for each JavaScript environment that loads it.
#ifndef THREADMETER_ENVIRONMENT_H_
#define THREADMETER_ENVIRONMENT_H_

#include <napi.h>

#include <cstdint>

#include "clock.h"
#include "tasks.h"

namespace threadmeter {

constexpr size_t kScratchLength = 16;

struct Environment {
  double* scratch = nullptr;
  Napi::Reference<Napi::Float64Array> scratch_reference;
  MonotonicSplit split;
  uint64_t uid = 0;
  bool sends_letters = false;
  uint64_t answerer_uid = 0;
  Look look;
};

inline Environment& Of(const Napi::CallbackInfo& info) {
  return *info.Env().GetInstanceData<Environment>();
}

// Registers what meter files and their readers need (addon_meter.cc).
void ExportMeterCalls(Napi::Env env, Napi::Object exports);

// Registers what reaches threads in the middle of what they do (addon_diagnostics.cc).
void ExportDiagnosticCalls(Napi::Env env, Napi::Object exports);

}  // namespace threadmeter

#endif  // THREADMETER_ENVIRONMENT_H_

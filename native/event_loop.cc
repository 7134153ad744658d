#include "event_loop.h"

#include <dlfcn.h>

namespace threadmeter {

int64_t LoopIdleTime(const uv_loop_s* loop) {
  // By name at run time: a host without this function (Bun, Deno) still loads the addon and lacks
  // only this figure. Node itself switches the measurement on for every loop.
  using IdleTime = uint64_t (*)(const uv_loop_s*);
  static const IdleTime idle_time =
      reinterpret_cast<IdleTime>(dlsym(RTLD_DEFAULT, "uv_metrics_idle_time"));
  if (idle_time == nullptr) return -1;
  return static_cast<int64_t>(idle_time(loop));
}

}  // namespace threadmeter

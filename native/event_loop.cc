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

int64_t LoopTurns(const uv_loop_s* loop) {
  // uv_metrics_t: three counters, the first of which is that of turns, and 13 words in reserve.
  struct Metrics {
    uint64_t loop_count;
    uint64_t rest[15];
  };
  // Since libuv 1.45.
  using Info = int (*)(const uv_loop_s*, Metrics*);
  static const Info info = reinterpret_cast<Info>(dlsym(RTLD_DEFAULT, "uv_metrics_info"));
  Metrics metrics = {};
  if (info == nullptr || info(loop, &metrics) != 0) return -1;
  return static_cast<int64_t>(metrics.loop_count);
}

}  // namespace threadmeter

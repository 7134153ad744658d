// What libuv knows of a thread's event loop, readable from any other thread.
#ifndef THREADMETER_EVENT_LOOP_H_
#define THREADMETER_EVENT_LOOP_H_

#include <cstdint>

struct uv_loop_s;

namespace threadmeter {

// The time in ns that the loop has spent waiting for events, the present wait included; -1 when
// this host's libuv does not say. Thread safe (libuv documentation, uv_metrics_idle_time). The
// caller guarantees that the loop exists.
int64_t LoopIdleTime(const uv_loop_s* loop);

// How many turns the loop has begun; -1 when this host's libuv does not say. It is read while the
// loop may be counting: one aligned word, which is the count before or after. The caller guarantees
// that the loop exists.
int64_t LoopTurns(const uv_loop_s* loop);

}  // namespace threadmeter

#endif  // THREADMETER_EVENT_LOOP_H_

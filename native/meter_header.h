// The header of the calling thread's meter file, as far as the thread's end is told in it. The
// layout stands in lib/meter/layout.ts.
#ifndef THREADMETER_METER_HEADER_H_
#define THREADMETER_METER_HEADER_H_

#include <cstdint>

#include "clock.h"
#include "mapping.h"

namespace threadmeter {

// What a thread had used when it ended.
struct FinalFigures {
  int64_t cpu_ns;
  CpuSplit cpu;
  int64_t run_delay_ns;  // -1: unknown, NaN in the file
  int64_t voluntary_switches;
  int64_t involuntary_switches;
};

// A mapping of its own: the thread ends after JavaScript's mappings are gone.
class MeterHeader {
 public:
  // 0, or an errno.
  int Map(int fd);
  void Unmap() { UnmapSegment(&header_); }

  // Stores the figures, and after them that they are there.
  void End(const FinalFigures& figures);

 private:
  Segment header_;
};

}  // namespace threadmeter

#endif  // THREADMETER_METER_HEADER_H_

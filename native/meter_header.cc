#include "meter_header.h"

#include <atomic>
#include <limits>

namespace threadmeter {
namespace {

constexpr int kHeaderBytes = 1024;
constexpr int kState = 16;
constexpr int kFinalFigures = 128;
constexpr int32_t kEnded = 2;

// One 8-byte store each, so that no reader sees a part of it.
void Store(char* at, int64_t figure) {
  const double value =
      figure < 0 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(figure);
  std::atomic_ref(*reinterpret_cast<double*>(at)).store(value, std::memory_order_relaxed);
}

}  // namespace

int MeterHeader::Map(int fd) { return MapSegment(fd, 0, kHeaderBytes, &header_); }

void MeterHeader::End(const FinalFigures& figures) {
  if (header_.data == nullptr) return;
  char* at = header_.data + kFinalFigures;
  for (int64_t figure :
       {figures.cpu_ns, figures.cpu.user_us, figures.cpu.system_us, figures.run_delay_ns,
        figures.voluntary_switches, figures.involuntary_switches}) {
    Store(at, figure);
    at += sizeof(double);
  }
  // Also after every value that the thread's JavaScript stored.
  std::atomic_ref(*reinterpret_cast<int32_t*>(header_.data + kState))
      .store(kEnded, std::memory_order_release);
}

}  // namespace threadmeter

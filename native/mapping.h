// Pieces of a file as memory, allocated before they are mapped: a store into a hole of a full tmpfs
// would end the process by SIGBUS.
#ifndef THREADMETER_MAPPING_H_
#define THREADMETER_MAPPING_H_

#include <cstddef>
#include <cstdint>

namespace threadmeter {

struct Segment {
  char* data = nullptr;
  // What is mapped: it begins where the kernel's page does, of 4 to 64 KiB, that holds the data.
  char* page = nullptr;
  size_t mapped_bytes = 0;
};

// Allocates and maps `bytes` of the file from `offset` (a multiple of 4096) on, shared and
// writable. Never waits for a disk, and raises no signal. 0, or an errno.
int MapSegment(int fd, int64_t offset, int64_t bytes, Segment* segment);

// Nothing the second time.
void UnmapSegment(Segment* segment);

}  // namespace threadmeter

#endif  // THREADMETER_MAPPING_H_

#include "mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

namespace threadmeter {
namespace {

constexpr int64_t kSmallestPage = 4096;
// The header's `end` is a u32 (lib/meter/layout.ts).
constexpr int64_t kLargestFile = int64_t{1} << 32;

// Beyond the limit the kernel would send SIGXFSZ, which ends hosts that do not ignore it.
bool IsWithinFileSizeLimit(int64_t end) {
  rlimit limit;
  return getrlimit(RLIMIT_FSIZE, &limit) != 0 || static_cast<rlim_t>(end) <= limit.rlim_cur;
}

int Allocate(int fd, int64_t offset, int64_t end) {
  // tmpfs gives up, and begins anew, when a signal comes (shmem_fallocate() in mm/shmem.c): in
  // pieces that are done within a moment even a profiler's stream of signals lets it finish.
  constexpr int64_t kPiece = 256 * 1024;
  int interruptions_left = 1000;
  while (offset < end) {
    const int64_t bytes = std::min(kPiece, end - offset);
    // Not posix_fallocate(), which writes where a file system cannot allocate.
    if (fallocate(fd, 0, static_cast<off_t>(offset), static_cast<off_t>(bytes)) == 0) {
      offset += bytes;
    } else if (errno != EINTR || interruptions_left-- == 0) {
      return errno;
    }
  }
  return 0;
}

}  // namespace

int MapSegment(int fd, int64_t offset, int64_t bytes, Segment* segment) {
  if (offset < 0 || offset % kSmallestPage != 0 || bytes <= 0) return EINVAL;
  if (offset > kLargestFile || bytes > kLargestFile - offset) return EFBIG;
  const int64_t end = offset + bytes;
  if (!IsWithinFileSizeLimit(end)) return EFBIG;
  if (const int error = Allocate(fd, offset, end)) return error;
  const int64_t before = offset % sysconf(_SC_PAGESIZE);
  const auto mapped_bytes = static_cast<size_t>(before + bytes);
  // Populated: all of it is there already, and no store has to fault it in later.
  void* page = mmap(nullptr, mapped_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd,
                    static_cast<off_t>(offset - before));
  if (page == MAP_FAILED) return errno;
  segment->page = static_cast<char*>(page);
  segment->data = segment->page + before;
  segment->mapped_bytes = mapped_bytes;
  return 0;
}

void UnmapSegment(Segment* segment) {
  if (segment->page != nullptr) munmap(segment->page, segment->mapped_bytes);
  *segment = {};
}

}  // namespace threadmeter

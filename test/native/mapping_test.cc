// Segments of files: what is mapped is allocated and at the right place, also where pages are
// larger than 4 KiB and signals rain; what cannot be had is an errno, and nothing stays mapped.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <algorithm>
#include <vector>

#include "check.h"
#include "maps.h"

namespace {

constexpr int64_t kPage = 4096;

int64_t page_size = kPage;
// The errno of calls to come, one for each; 0 lets the call through.
std::vector<int> fallocate_errors;
int fallocate_calls = 0;

int FakeFallocate(int fd, int mode, off_t offset, off_t bytes) {
  fallocate_calls++;
  if (!fallocate_errors.empty()) {
    errno = fallocate_errors.front();
    fallocate_errors.erase(fallocate_errors.begin());
    if (errno != 0) return -1;
  }
  return fallocate(fd, mode, offset, bytes);
}

}  // namespace

// Once more under another name, over a kernel of other pages and a file system that refuses.
#define threadmeter faked
#define sysconf(name) page_size
#define fallocate FakeFallocate
#include "../../native/mapping.cc"
#undef fallocate
#undef sysconf
#undef threadmeter

using faked::MapSegment;
using faked::Segment;
using faked::UnmapSegment;

namespace {

// Counts as the blocks of a file that are really there.
int64_t AllocatedBytes(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 ? status.st_blocks * 512 : -1;
}

void TestPlaces() {
  for (const int64_t page : {kPage, 4 * kPage, 16 * kPage}) {
    page_size = page;
    TmpfsFile file("places");
    for (int64_t segment = 0; segment < 40; segment++) {
      Segment mapped;
      const int64_t offset = segment * kPage;
      CHECK(MapSegment(file.fd(), offset, kPage, &mapped) == 0, "segment %ld", segment);
      char* data = mapped.data;
      CHECK(reinterpret_cast<uintptr_t>(data) % 8 == 0, "alignment");
      data[0] = static_cast<char>(segment + 1);
      data[kPage - 1] = static_cast<char>(segment + 2);
      CHECK(file.At<char>(offset) == segment + 1, "page %ld, segment %ld", page, segment);
      CHECK(file.At<char>(offset + kPage - 1) == segment + 2, "page %ld, end %ld", page, segment);
      CHECK(MappingsOf("places") == 1, "%d mappings", MappingsOf("places"));
      UnmapSegment(&mapped);
      UnmapSegment(&mapped);
      CHECK(MappingsOf("places") == 0, "%d mappings are left", MappingsOf("places"));
    }
    CHECK(file.size() == 40 * kPage && AllocatedBytes(file.fd()) >= 40 * kPage, "allocated");
  }
  page_size = kPage;
}

void ExpectErrno(int expected, int fd, int64_t offset, int64_t bytes, const char* what) {
  Segment segment;
  const int error = MapSegment(fd, offset, bytes, &segment);
  CHECK(error == expected && segment.page == nullptr, "%s: errno %d instead of %d", what, error,
        expected);
}

void TestRefusals() {
  TmpfsFile file("refusals");
  ExpectErrno(EINVAL, file.fd(), 1, 8, "an offset within a page");
  ExpectErrno(EINVAL, file.fd(), -kPage, 8, "an offset below 0");
  ExpectErrno(EINVAL, file.fd(), 0, 0, "no bytes");
  ExpectErrno(EINVAL, file.fd(), 0, INT64_MIN, "bytes below 0");
  constexpr int64_t kLimit = int64_t{1} << 32;
  ExpectErrno(EFBIG, file.fd(), kLimit - kPage, kPage + 1, "an end past 4 GiB");
  ExpectErrno(EFBIG, file.fd(), INT64_MAX - INT64_MAX % kPage, kPage, "an end that overflows");
  ExpectErrno(EFBIG, file.fd(), kPage, INT64_MAX, "bytes that overflow");
  ExpectErrno(EBADF, -1, 0, 8, "no descriptor");
  int pipe_fds[2];
  CHECK(pipe(pipe_fds) == 0, "pipe");
  ExpectErrno(ESPIPE, pipe_fds[1], 0, 8, "a pipe");
  close(pipe_fds[0]);
  close(pipe_fds[1]);
  CHECK(file.size() == 0, "refused segments made the file larger");
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", file.fd());
  const int read_only = open(path, O_RDONLY | O_CLOEXEC);
  ExpectErrno(EBADF, read_only, 0, 8, "a descriptor for reading");
  close(read_only);
  CHECK(fcntl(file.fd(), F_ADD_SEALS, F_SEAL_GROW) == 0, "seal");
  ExpectErrno(EPERM, file.fd(), 0, 8, "a file that must not grow");
}

void TestFileSizeLimit() {
  rlimit before;
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit limit = before;
  limit.rlim_cur = 3 * kPage;
  setrlimit(RLIMIT_FSIZE, &limit);
  signal(SIGXFSZ, SIG_DFL);
  TmpfsFile file("limit");
  Segment segment;
  CHECK(MapSegment(file.fd(), 2 * kPage, kPage, &segment) == 0, "up to the limit");
  UnmapSegment(&segment);
  ExpectErrno(EFBIG, file.fd(), 3 * kPage, 8, "beyond the limit");
  setrlimit(RLIMIT_FSIZE, &before);
}

void TestFullFileSystem() {
  TmpfsFile file("full");
  constexpr int64_t kBytes = 1024 * 1024;
  fallocate_errors = {0, 0, ENOSPC};
  ExpectErrno(ENOSPC, file.fd(), 0, kBytes, "full in the middle");
  CHECK(MappingsOf("full") == 0, "what was not allocated is mapped");
  fallocate_errors = {EINTR, 0, EINTR, EINTR};
  Segment segment;
  CHECK(MapSegment(file.fd(), 0, kBytes, &segment) == 0, "interrupted");
  CHECK(AllocatedBytes(file.fd()) >= kBytes, "%ld allocated", AllocatedBytes(file.fd()));
  UnmapSegment(&segment);
  fallocate_errors.assign(100000, EINTR);
  fallocate_calls = 0;
  ExpectErrno(EINTR, file.fd(), 0, kBytes, "interrupted for ever");
  CHECK(fallocate_calls < 10000, "%d calls", fallocate_calls);
  fallocate_errors.clear();
}

std::atomic<int> alarms{0};

// As a CPU profiler does it.
void TestSignalsRain() {
  struct sigaction action {};
  action.sa_handler = [](int) { alarms++; };
  sigaction(SIGPROF, &action, nullptr);
  const itimerval often{{0, 1}, {0, 1}};
  setitimer(ITIMER_PROF, &often, nullptr);
  constexpr int64_t kBytes = 8 * 1024 * 1024;
  for (int round = 0; round < 20; round++) {
    TmpfsFile file("signals");
    Segment segment;
    const int error = MapSegment(file.fd(), 0, kBytes, &segment);
    CHECK(error == 0, "errno %d", error);
    UnmapSegment(&segment);
  }
  const itimerval never{};
  setitimer(ITIMER_PROF, &never, nullptr);
  CHECK(alarms > 0, "no signal came");
}

}  // namespace

int main() {
  const int descriptors = OpenDescriptors();
  TestPlaces();
  TestRefusals();
  TestFileSizeLimit();
  TestFullFileSystem();
  TestSignalsRain();
  const int left = OpenDescriptors();
  CHECK(left == descriptors, "%d descriptors before, %d after", descriptors, left);
  return Finish("mapping_test");
}

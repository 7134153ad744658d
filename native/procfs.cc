#include "procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace threadmeter {
namespace {

// From <linux/dirent.h>, which user space does not see.
struct LinuxDirent64 {
  uint64_t inode;
  int64_t offset;
  uint16_t length;
  uint8_t type;
  char name[];
};

int OpenTaskFile(pid_t tid, const char* file) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%d/%s", static_cast<int>(tid), file);
  return open(path, O_RDONLY | O_CLOEXEC);
}

// Everything the file holds, up to the buffer's size; empty on any error. One read(2) is enough:
// the kernel renders a /proc file of this size at once.
std::string_view ReadTaskFile(pid_t tid, const char* file, char* buffer, size_t size) {
  int fd = OpenTaskFile(tid, file);
  if (fd < 0) return {};
  ssize_t length = read(fd, buffer, size);
  close(fd);
  if (length <= 0) return {};
  return {buffer, static_cast<size_t>(length)};
}

}  // namespace

std::optional<TaskStat> ReadStat(pid_t tid) {
  char buffer[1024];
  return ParseStat(ReadTaskFile(tid, "stat", buffer, sizeof buffer));
}

std::optional<TaskStatus> ReadStatus(pid_t tid) {
  char buffer[8192];  // Cpus_allowed and Groups make it long on large hosts
  return ParseStatus(ReadTaskFile(tid, "status", buffer, sizeof buffer));
}

std::optional<TaskSyscall> ReadSyscall(pid_t tid) {
  char buffer[256];
  return ParseSyscall(ReadTaskFile(tid, "syscall", buffer, sizeof buffer));
}

bool ReadComm(pid_t tid, char (&name)[16]) {
  char buffer[64];
  std::string_view text = ReadTaskFile(tid, "comm", buffer, sizeof buffer);
  if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  if (text.empty()) return false;
  size_t length = std::min(text.size(), sizeof name - 1);
  memcpy(name, text.data(), length);
  name[length] = '\0';
  return true;
}

int OpenSchedstat(pid_t tid) { return OpenTaskFile(tid, "schedstat"); }

std::optional<TaskSchedstat> ReadSchedstat(int fd) {
  char buffer[96];
  ssize_t length = pread(fd, buffer, sizeof buffer, 0);
  if (length <= 0) return std::nullopt;
  return ParseSchedstat({buffer, static_cast<size_t>(length)});
}

int64_t OwnRunDelay() {
  int fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  auto schedstat = ReadSchedstat(fd);
  close(fd);
  return schedstat && schedstat->is_kept() ? static_cast<int64_t>(schedstat->wait_ns) : -1;
}

int TaskDirectory::Open() {
  if (is_open()) return 0;
  fd_ = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return fd_ < 0 ? errno : 0;
}

void TaskDirectory::Close() {
  if (is_open()) close(fd_);
  fd_ = -1;
}

int TaskDirectory::ThreadCount() const {
  // The system call itself: the fstat symbol exists only from glibc 2.33 on.
  struct stat status;
  if (syscall(SYS_fstat, fd_, &status) != 0) return -1;
  // proc_task_getattr() in fs/proc/base.c: the two links of a directory plus one per thread.
  return status.st_nlink > 2 ? static_cast<int>(status.st_nlink) - 2 : -1;
}

bool TaskDirectory::Rewind() {
  filled_ = offset_ = 0;
  failed_ = lseek(fd_, 0, SEEK_SET) != 0;
  return !failed_;
}

const char* TaskDirectory::NextEntry() {
  if (offset_ >= filled_) {
    filled_ = static_cast<int>(syscall(SYS_getdents64, fd_, buffer_, sizeof buffer_));
    offset_ = 0;
    failed_ = filled_ < 0;
    if (filled_ <= 0) return nullptr;
  }
  auto* entry = reinterpret_cast<LinuxDirent64*>(buffer_ + offset_);
  offset_ += entry->length;
  return entry->name;
}

int CheckProcNamespace() {
  char link[64];
  ssize_t length = readlink("/proc/thread-self", link, sizeof link - 1);
  if (length < 0) return errno;
  link[length] = '\0';
  char expected[64];
  snprintf(expected, sizeof expected, "%d/task/%d", static_cast<int>(getpid()),
           static_cast<int>(syscall(SYS_gettid)));
  return strcmp(link, expected) == 0 ? 0 : EXDEV;
}

}  // namespace threadmeter

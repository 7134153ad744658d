// What is mapped into this process, and files on tmpfs to map.
#ifndef THREADMETER_TEST_NATIVE_MAPS_H_
#define THREADMETER_TEST_NATIVE_MAPS_H_

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

// An unnamed file on tmpfs that /proc/self/maps shows under `name`.
class TmpfsFile {
 public:
  explicit TmpfsFile(const char* name) : fd_(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING)) {}
  ~TmpfsFile() { close(fd_); }
  TmpfsFile(const TmpfsFile&) = delete;
  TmpfsFile& operator=(const TmpfsFile&) = delete;

  int fd() const { return fd_; }
  int64_t size() const { return lseek(fd_, 0, SEEK_END); }

  template <typename Value>
  Value At(int64_t offset) const {
    Value value{};
    return pread(fd_, &value, sizeof value, offset) == sizeof value ? value : Value{};
  }

 private:
  const int fd_;
};

// How many mappings of files of this name there are.
inline int MappingsOf(const char* name) {
  FILE* maps = fopen("/proc/self/maps", "re");
  if (maps == nullptr) return -1;
  char line[512];
  int count = 0;
  while (fgets(line, sizeof line, maps) != nullptr) count += strstr(line, name) != nullptr;
  fclose(maps);
  return count;
}

#endif  // THREADMETER_TEST_NATIVE_MAPS_H_

// libFuzzer target: every parser of /proc text on the same input. The copy has exactly the input's
// length, so that a read past the end is one of the sanitizer's.
#include <stdio.h>
#include <stdlib.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "parse_compare.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::vector<char> exact(data, data + size);
  const std::string_view text(exact.data(), exact.size());
  (void)threadmeter::ParseStat(text);
  (void)threadmeter::ParseSchedstat(text);
  (void)threadmeter::ParseStatus(text);
  (void)threadmeter::ParseSyscall(text);
  (void)threadmeter::ParseTid(text);
  if (const char* parser = Disagreement(std::string(text))) {
    fprintf(stderr, "%s differs from the reference\n", parser);
    abort();
  }
  return 0;
}

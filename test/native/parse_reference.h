// A second opinion on /proc text: the plainest parsers that could work, word by word on copies, to
// compare native/procfs_parse.h with.
#ifndef THREADMETER_TEST_NATIVE_PARSE_REFERENCE_H_
#define THREADMETER_TEST_NATIVE_PARSE_REFERENCE_H_

#include <cctype>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "../../native/procfs_parse.h"

namespace reference {

// Leading digits of `text` as a number not above `limit`; `length` says how many there were.
inline std::optional<uint64_t> Digits(const std::string& text, int base, uint64_t limit,
                                      size_t* length) {
  unsigned __int128 value = 0;
  size_t at = 0;
  bool fits = true;
  for (; at < text.size(); at++) {
    const int c = static_cast<unsigned char>(text[at]);
    int digit = 99;
    if (c >= '0' && c <= '9') digit = c - '0';
    if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
    if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
    if (digit >= base) break;
    value = value * static_cast<unsigned>(base) + static_cast<unsigned>(digit);
    if (value > limit) {
      fits = false;
      value = limit;
    }
  }
  *length = at;
  if (at == 0 || !fits) return std::nullopt;
  return static_cast<uint64_t>(value);
}

inline std::string WithoutBlanks(std::string text) {
  while (!text.empty() && (text[0] == ' ' || text[0] == '\t')) text.erase(0, 1);
  return text;
}

inline std::vector<std::string> SplitAt(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

inline std::optional<threadmeter::TaskStat> Stat(const std::string& text) {
  size_t end = text.size();
  while (end > 0 && text[end - 1] != ')') end--;
  if (end == 0 || end + 1 >= text.size()) return std::nullopt;
  const std::vector<std::string> fields = SplitAt(text.substr(end + 1), ' ');
  const char state = text[end + 1];
  if (state < 'A' || state > 'z' || fields.size() < 20) return std::nullopt;
  const auto number = [&fields](size_t field) {
    size_t length;
    return Digits(fields[field - 3], 10, UINT64_MAX, &length);
  };
  const auto user = number(14);
  const auto system = number(15);
  const auto start = number(22);
  if (!user || !system || !start) return std::nullopt;
  threadmeter::TaskStat stat{state, *user, *system, *start};
  size_t length;
  if (fields.size() >= 37) stat.processor = Digits(fields[36], 10, UINT32_MAX, &length);
  return stat;
}

inline std::optional<threadmeter::TaskSchedstat> Schedstat(const std::string& text) {
  size_t length;
  auto run = Digits(text, 10, UINT64_MAX, &length);
  if (!run) return std::nullopt;
  std::string rest = WithoutBlanks(text.substr(length));
  auto wait = Digits(rest, 10, UINT64_MAX, &length);
  if (!wait) return std::nullopt;
  rest = WithoutBlanks(rest.substr(length));
  return threadmeter::TaskSchedstat{*run, *wait, Digits(rest, 10, UINT64_MAX, &length)};
}

inline std::optional<uint64_t> Field(const std::string& text, const std::string& key, int base) {
  for (const std::string& line : SplitAt(text, '\n')) {
    if (line.substr(0, key.size() + 1) != key + ":") continue;
    size_t length;
    return Digits(WithoutBlanks(line.substr(key.size() + 1)), base, UINT64_MAX, &length);
  }
  return std::nullopt;
}

inline std::optional<threadmeter::TaskStatus> Status(const std::string& text) {
  auto blocked = Field(text, "SigBlk", 16);
  auto voluntary = Field(text, "voluntary_ctxt_switches", 10);
  auto involuntary = Field(text, "nonvoluntary_ctxt_switches", 10);
  if (!blocked || !voluntary || !involuntary) return std::nullopt;
  return threadmeter::TaskStatus{*blocked, *voluntary, *involuntary};
}

inline std::optional<threadmeter::TaskSyscall> Syscall(const std::string& text) {
  size_t length;
  // "-0" is a number too, and not below zero.
  const bool minus = !text.empty() && text[0] == '-';
  auto number = Digits(minus ? text.substr(1) : text, 10, INT64_MAX, &length);
  if (!number || (minus && *number != 0)) return std::nullopt;
  std::string rest = text.substr(length + (minus ? 1 : 0));
  if (rest.substr(0, 3) != " 0x") return std::nullopt;
  auto first = Digits(rest.substr(3), 16, UINT64_MAX, &length);
  if (!first) return std::nullopt;
  rest = rest.substr(3 + length);
  if (rest.substr(0, 3) != " 0x") return std::nullopt;
  auto second = Digits(rest.substr(3), 16, UINT64_MAX, &length);
  if (!second) return std::nullopt;
  return threadmeter::TaskSyscall{static_cast<int64_t>(*number), {*first, *second}};
}

inline std::optional<int> Tid(const std::string& text) {
  size_t length;
  auto tid = Digits(text, 10, INT32_MAX, &length);
  if (!tid || *tid == 0 || length != text.size()) return std::nullopt;
  return static_cast<int>(*tid);
}

}  // namespace reference

#endif  // THREADMETER_TEST_NATIVE_PARSE_REFERENCE_H_

// Parsers of /proc/<pid>/task/<tid>/* text (proc_pid_stat(5), proc_pid_status(5),
// Documentation/scheduler/sched-stats.rst). They take what the kernel wrote and nothing on trust:
// every function refuses malformed text. Free of Node so that they can be fuzzed alone.
#ifndef THREADMETER_PROCFS_PARSE_H_
#define THREADMETER_PROCFS_PARSE_H_

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace threadmeter {

// All times in clock ticks.
struct TaskStat {
  char state;
  uint64_t user_ticks = 0;
  uint64_t system_ticks = 0;
  uint64_t start_ticks = 0;  // after boot
  std::optional<unsigned> processor = {};
};

struct TaskSchedstat {
  uint64_t run_ns;
  uint64_t wait_ns;
  std::optional<uint64_t> timeslices = {};

  // A kernel without CONFIG_SCHED_INFO says 0 throughout, also of a thread that has run.
  bool is_kept() const { return run_ns > 0; }
};

struct TaskStatus {
  uint64_t blocked_signals = 0;
  uint64_t voluntary_switches = 0;
  uint64_t involuntary_switches = 0;
};

struct TaskSyscall {
  int64_t number;
  uint64_t arguments[2];  // the first of six
};

template <typename Number>
inline std::optional<Number> ParseNumber(std::string_view* text, int base = 10) {
  Number value{};
  auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value, base);
  if (error != std::errc()) return std::nullopt;
  text->remove_prefix(static_cast<size_t>(end - text->data()));
  return value;
}

inline void SkipBlanks(std::string_view* text) {
  while (!text->empty() && (text->front() == ' ' || text->front() == '\t')) text->remove_prefix(1);
}

// Leaves `text` at the field that is `fields` behind the present one; false when there are not as
// many.
inline bool SkipFields(std::string_view* text, int fields) {
  for (; fields > 0; fields--) {
    size_t blank = text->find(' ');
    if (blank == std::string_view::npos) return false;
    text->remove_prefix(blank + 1);
  }
  return true;
}

// A thread may call itself "a) R (b": the fields begin after the LAST parenthesis.
inline std::optional<TaskStat> ParseStat(std::string_view text) {
  size_t comm_end = text.rfind(')');
  if (comm_end == std::string_view::npos || comm_end + 2 >= text.size()) return std::nullopt;
  text.remove_prefix(comm_end + 2);
  TaskStat stat{text.front()};
  if (stat.state < 'A' || stat.state > 'z') return std::nullopt;
  // The numbers of the fields in proc_pid_stat(5).
  constexpr int kState = 3, kUser = 14, kSystem = 15, kStart = 22, kProcessor = 39;
  int at = kState;
  for (auto [field, value] : {std::pair{kUser, &stat.user_ticks},
                              {kSystem, &stat.system_ticks},
                              {kStart, &stat.start_ticks}}) {
    if (!SkipFields(&text, field - at)) return std::nullopt;
    at = field;
    auto number = ParseNumber<uint64_t>(&text);
    if (!number) return std::nullopt;
    *value = *number;
  }
  if (SkipFields(&text, kProcessor - at)) stat.processor = ParseNumber<unsigned>(&text);
  return stat;
}

inline std::optional<TaskSchedstat> ParseSchedstat(std::string_view text) {
  auto run = ParseNumber<uint64_t>(&text);
  SkipBlanks(&text);
  auto wait = ParseNumber<uint64_t>(&text);
  if (!run || !wait) return std::nullopt;
  SkipBlanks(&text);
  return TaskSchedstat{*run, *wait, ParseNumber<uint64_t>(&text)};
}

// One "Key:<tab>value" line of status; nothing when the key is not there.
inline std::optional<uint64_t> ParseStatusField(std::string_view text, std::string_view key,
                                                int base) {
  while (!text.empty()) {
    size_t line_end = text.find('\n');
    std::string_view line = text.substr(0, line_end);
    if (line.size() > key.size() && line.starts_with(key) && line[key.size()] == ':') {
      line.remove_prefix(key.size() + 1);
      SkipBlanks(&line);
      return ParseNumber<uint64_t>(&line, base);
    }
    if (line_end == std::string_view::npos) break;
    text.remove_prefix(line_end + 1);
  }
  return std::nullopt;
}

inline std::optional<TaskStatus> ParseStatus(std::string_view text) {
  auto blocked = ParseStatusField(text, "SigBlk", 16);
  auto voluntary = ParseStatusField(text, "voluntary_ctxt_switches", 10);
  auto involuntary = ParseStatusField(text, "nonvoluntary_ctxt_switches", 10);
  if (!blocked || !voluntary || !involuntary) return std::nullopt;
  return TaskStatus{*blocked, *voluntary, *involuntary};
}

// "running", or "<number> 0x<argument> ..."; nothing for a thread that is not in a system call.
inline std::optional<TaskSyscall> ParseSyscall(std::string_view text) {
  auto number = ParseNumber<int64_t>(&text);
  if (!number || *number < 0) return std::nullopt;
  TaskSyscall call{*number, {}};
  for (uint64_t& argument : call.arguments) {
    if (!text.starts_with(" 0x")) return std::nullopt;
    text.remove_prefix(3);
    auto value = ParseNumber<uint64_t>(&text, 16);
    if (!value) return std::nullopt;
    argument = *value;
  }
  return call;
}

// A directory entry of /proc/self/task; nothing for "." and "..".
inline std::optional<int> ParseTid(std::string_view name) {
  auto tid = ParseNumber<int>(&name);
  if (!tid || *tid <= 0 || !name.empty()) return std::nullopt;
  return tid;
}

}  // namespace threadmeter

#endif  // THREADMETER_PROCFS_PARSE_H_

// One text through every parser, beside the reference.
#ifndef THREADMETER_TEST_NATIVE_PARSE_COMPARE_H_
#define THREADMETER_TEST_NATIVE_PARSE_COMPARE_H_

#include <string>

#include "../../native/procfs_parse.h"
#include "parse_reference.h"

// Null, or the name of a parser that disagrees with the reference.
inline const char* Disagreement(const std::string& text) {
  using namespace threadmeter;
  const auto stat = ParseStat(text);
  const auto stat2 = reference::Stat(text);
  if (stat.has_value() != stat2.has_value()) return "ParseStat (refusal)";
  if (stat && (stat->state != stat2->state || stat->start_ticks != stat2->start_ticks ||
               stat->user_ticks != stat2->user_ticks || stat->system_ticks != stat2->system_ticks ||
               stat->processor != stat2->processor)) {
    return "ParseStat";
  }
  const auto sched = ParseSchedstat(text);
  const auto sched2 = reference::Schedstat(text);
  if (sched.has_value() != sched2.has_value()) return "ParseSchedstat (refusal)";
  if (sched && (sched->run_ns != sched2->run_ns || sched->wait_ns != sched2->wait_ns ||
                sched->timeslices != sched2->timeslices)) {
    return "ParseSchedstat";
  }
  const auto status = ParseStatus(text);
  const auto status2 = reference::Status(text);
  if (status.has_value() != status2.has_value()) return "ParseStatus (refusal)";
  if (status && (status->blocked_signals != status2->blocked_signals ||
                 status->voluntary_switches != status2->voluntary_switches ||
                 status->involuntary_switches != status2->involuntary_switches)) {
    return "ParseStatus";
  }
  const auto call = ParseSyscall(text);
  const auto call2 = reference::Syscall(text);
  if (call.has_value() != call2.has_value()) return "ParseSyscall (refusal)";
  if (call && (call->number != call2->number || (call->arguments[0] != call2->arguments[0] ||
                                                 call->arguments[1] != call2->arguments[1]))) {
    return "ParseSyscall";
  }
  return ParseTid(text) == reference::Tid(text) ? nullptr : "ParseTid";
}

#endif  // THREADMETER_TEST_NATIVE_PARSE_COMPARE_H_

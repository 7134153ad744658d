// The parsers of native/procfs_parse.h on the text of this kernel and on text that lies, and the
// reading of thread files around them.
#include <errno.h>
#include <sys/prctl.h>

#include <algorithm>
#include <thread>

#include "../../native/procfs.h"
#include "check.h"
#include "parse_compare.h"

using namespace threadmeter;

namespace {

constexpr char kFields[] = " 1 1 1 0 -1 4 5 6 7 8 9 10 11 12 20 0 3 0 4711 99\n";

std::string StatOf(const std::string& comm, char state) {
  return "77 (" + comm + ") " + state + kFields;
}

void TestStat() {
  for (const char* comm : {"node", "a) R (b", ") S 1 1 1 1 (", "((((", "", "x\ny", "\xff\xfe"}) {
    auto stat = ParseStat(StatOf(comm, 'D'));
    CHECK(stat && stat->state == 'D' && stat->start_ticks == 4711, "comm %s", comm);
    CHECK(stat && stat->user_ticks == 9 && stat->system_ticks == 10, "ticks of %s", comm);
    CHECK(stat && !stat->processor, "a processor that is not there");
  }
  auto long_stat = ParseStat(
      "1 (x) S 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 "
      "27 28 29 30 31 32 33 34 35 36 37 38 39 40\n");
  CHECK(long_stat && long_stat->user_ticks == 14 && long_stat->system_ticks == 15 &&
            long_stat->start_ticks == 22 && long_stat->processor == 39u,
        "fields by their numbers");
  for (const char* text : {"", ")", ") ", ") S", "77 (node", "77 (node) ", "77 (node) S 1 2 3",
                           "77 (node) 5 1 1 1 0 -1 4 5 6 7 8 9 10 11 12 20 0 3 0 4711"}) {
    CHECK(!ParseStat(text), "accepted: %s", text);
  }
  const std::string whole = StatOf("node", 'S');
  for (size_t length = 0; length < whole.find("4711"); length++) {
    CHECK(!ParseStat(std::string_view(whole).substr(0, length)), "cut at %zu", length);
  }
  CHECK(!ParseStat("1 (x) S 1 1 1 0 -1 4 5 6 7 8 9 10 11 12 20 0 3 0 99999999999999999999 1"),
        "a start that does not fit");
  CHECK(!ParseStat("1 (x) S 1 1 1 0 -1 4 5 6 7 8 -9 10 11 12 20 0 3 0 4711 99"), "a time below 0");
}

void TestOthers() {
  auto sched = ParseSchedstat("18446744073709551615 7 3\n");
  CHECK(sched && sched->run_ns == UINT64_MAX && sched->wait_ns == 7 && sched->timeslices == 3u,
        "schedstat at the limit");
  sched = ParseSchedstat("1 2\n");
  CHECK(sched && sched->wait_ns == 2 && !sched->timeslices, "schedstat without timeslices");
  for (const char* text : {"", " ", "1", "1 ", "-1 2", "a b", "18446744073709551616 1"}) {
    CHECK(!ParseSchedstat(text), "accepted: %s", text);
  }
  auto status = ParseStatus(
      "Name:\tSigBlk:\nSigBlk:\tfffffffe7ffbfeff\nvoluntary_ctxt_switches:\t12\n"
      "nonvoluntary_ctxt_switches:\t3");
  CHECK(status && status->voluntary_switches == 12 && status->involuntary_switches == 3, "status");
  CHECK(status && status->blocked_signals == 0xfffffffe7ffbfeff, "mask");
  CHECK(!ParseStatus("SigBlk:\t0\nvoluntary_ctxt_switches:\t1\n"), "a field is missing");
  CHECK(!ParseSyscall("running\n") && !ParseSyscall("-1 0x0 0x0\n"), "not in a call");
  auto call = ParseSyscall("202 0x7f00deadbeef 0x189 0x0\n");
  CHECK(call && call->number == 202 && call->arguments[0] == 0x7f00deadbeef &&
            call->arguments[1] == 0x189,
        "futex");
  for (const char* name : {".", "..", "", "0", "-1", "1x", " 1", "2147483648", "+1"}) {
    CHECK(!ParseTid(name), "accepted: %s", name);
  }
  CHECK(ParseTid("2147483647") == 2147483647, "largest tid");
}

void TestThisKernel() {
  std::atomic<pid_t> tid{0};
  std::atomic<bool> stop{false};
  std::thread thread([&] {
    prctl(PR_SET_NAME, "a) R (b\n1 2 3");
    tid = Tid();
    while (!stop) usleep(1000);
  });
  while (tid == 0) usleep(1000);
  usleep(5000);
  char comm[16];
  CHECK(ReadComm(tid, comm) && std::string(comm) == "a) R (b\n1 2 3", "comm");
  auto stat = ReadStat(tid);
  CHECK(stat && (stat->state == 'S' || stat->state == 'R'), "state");
  auto own = ReadStat(getpid());
  CHECK(own && stat && stat->start_ticks >= own->start_ticks, "start");
  auto status = ReadStatus(tid);
  CHECK(status && status->voluntary_switches > 0, "switches");
  const int fd = OpenSchedstat(tid);
  CHECK(fd >= 0 && ReadSchedstat(fd), "schedstat");
  TaskDirectory directory;
  CHECK(directory.Open() == 0 && directory.Open() == 0, "open twice");
  int listed = 0;
  bool found = false;
  CHECK(directory.ForEachTid([&](pid_t id) {
    listed++;
    found = found || id == tid;
  }),
        "listing");
  CHECK(found && listed == directory.ThreadCount(), "%d listed", listed);
  stop = true;
  thread.join();
  for (int i = 0; i < 1000 && ReadStat(tid); i++) usleep(1000);
  CHECK(!ReadStat(tid) && !ReadStatus(tid) && !ReadSyscall(tid) && !ReadComm(tid, comm),
        "a dead thread has files");
  CHECK(!ReadSchedstat(fd), "a kept schedstat outlives its thread");
  close(fd);
  directory.Close();
  CHECK(!directory.is_open() && directory.ThreadCount() == -1, "closed");
  CHECK(!directory.ForEachTid([](pid_t) {}), "a listing of a closed directory");
  CHECK(!ReadSchedstat(-1) && OwnRunDelay() >= 0, "own run delay");
  CHECK(CheckProcNamespace() == 0, "this test runs where /proc is its own");
}

void TestReferenceAgrees() {
  const std::string stat = StatOf("a) R (b", 'R');
  for (size_t length = 0; length <= stat.size(); length++) {
    for (const std::string& text :
         {stat.substr(0, length), stat.substr(length), stat.substr(0, length) + "0x9" + stat}) {
      const char* parser = Disagreement(text);
      CHECK(parser == nullptr, "%s on %s", parser, text.c_str());
    }
  }
}

}  // namespace

int main() {
  TestStat();
  TestOthers();
  TestThisKernel();
  TestReferenceAgrees();
  return Finish("parse_test");
}

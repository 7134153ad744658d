// Telling what a thread that runs no JavaScript is for.
#ifndef THREADMETER_ROLES_H_
#define THREADMETER_ROLES_H_

#include <sys/types.h>

#include <cstdint>

namespace threadmeter {

// The order is that of THREAD_ROLES in lib/cpu/roles.ts.
enum class Role : int { kMain, kWorker, kLibuv, kV8, kInspector, kObserver, kOther };

const char* RoleName(Role role);

// What the roles of helper threads are told by: their kernel names where Node gives them (from 22
// and 24 on), else their signal masks and what they wait for.
class RoleEvidence {
 public:
  // Reads what belongs to the process: the name and the signal mask of its first thread.
  void ReadProcess();

  // Whether a kernel name says something: not when it is inherited from the process, whose name
  // changes with process.title.
  bool IsOwnName(const char* comm) const;

  Role FromName(const char* comm) const;

  // For a thread without a telling name; kOther where nothing tells, which may change once the
  // thread is seen waiting.
  Role FromBehaviour(pid_t tid) const;

  // Node names the process's threads, so that a name of a thread is one that was given to it.
  bool threads_are_named() const { return threads_are_named_; }

 private:
  char first_comm_[16] = "";
  bool threads_are_named_ = false;
  bool mask_known_ = false;
  uint64_t process_mask_ = 0;
};

}  // namespace threadmeter

#endif  // THREADMETER_ROLES_H_

/**
 * The calls that a thread of Node may be found in, with their numbers on x64 and arm64 (`-`: there is no
 * such call). From Linux: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
 */
const TABLE = `
read 0 63, write 1 64, open 2 -, close 3 57, stat 4 -, fstat 5 80, lstat 6 -, poll 7 -, mmap 9 222,
mprotect 10 226, munmap 11 215, brk 12 214, ioctl 16 29, pread64 17 67, pwrite64 18 68, readv 19 65,
writev 20 66, access 21 -, select 23 -, sched_yield 24 124, mremap 25 216, msync 26 227,
madvise 28 233, pause 34 -, nanosleep 35 101, sendfile 40 71, socket 41 198, connect 42 203,
accept 43 202, sendto 44 206, recvfrom 45 207, sendmsg 46 211, recvmsg 47 212, shutdown 48 210,
bind 49 200, listen 50 201, clone 56 220, fork 57 -, vfork 58 -, execve 59 221, exit 60 93,
wait4 61 260, kill 62 129, semop 65 193, msgsnd 69 189, msgrcv 70 188, fcntl 72 25, flock 73 32,
fsync 74 82, fdatasync 75 83, truncate 76 45, ftruncate 77 46, getdents 78 -, rename 82 -,
mkdir 83 -, rmdir 84 -, link 86 -, unlink 87 -, symlink 88 -, readlink 89 -, chmod 90 -, chown 92 -,
ptrace 101 117, rt_sigtimedwait 128 137, rt_sigsuspend 130 133, statfs 137 43, fstatfs 138 44,
mlock 149 228, sync 162 81, mount 165 40, umount2 166 39, readahead 187 213, setxattr 188 5,
getxattr 191 8, listxattr 194 11, futex 202 98, io_getevents 208 4, io_submit 209 2,
getdents64 217 61, restart_syscall 219 128, semtimedop 220 192, clock_nanosleep 230 115,
exit_group 231 94, epoll_wait 232 -, tgkill 234 131, mq_timedsend 242 182, mq_timedreceive 243 183,
waitid 247 95, openat 257 56, mkdirat 258 34, fchownat 260 54, newfstatat 262 79, unlinkat 263 35,
renameat 264 38, linkat 265 37, symlinkat 266 36, readlinkat 267 78, fchmodat 268 53,
faccessat 269 48, pselect6 270 72, ppoll 271 73, splice 275 76, tee 276 77, sync_file_range 277 84,
vmsplice 278 75, utimensat 280 88, epoll_pwait 281 22, fallocate 285 47, accept4 288 242,
preadv 295 69, pwritev 296 70, recvmmsg 299 243, syncfs 306 267, sendmmsg 307 269, renameat2 316 276,
getrandom 318 278, membarrier 324 283, copy_file_range 326 285, preadv2 327 286, pwritev2 328 287,
statx 332 291, io_uring_enter 426 426, clone3 435 435, faccessat2 439 439, epoll_pwait2 441 441,
futex_waitv 449 449, futex_wait 455 455
`

const COLUMNS: Partial<Record<string, number>> = { x64: 1, arm64: 2 }

/** The names of an architecture's system calls by their numbers, as far as they are known here. */
export function systemCalls(architecture: string): ReadonlyMap<number, string> {
  const column = COLUMNS[architecture]
  if (column === undefined) return new Map()
  const calls = TABLE.split(',').map((entry) => entry.trim().split(' '))
  return new Map(
    calls
      .filter((call) => call[column] !== '-')
      .map((call) => [Number(call[column]), call[0] as string]),
  )
}

let own: ReadonlyMap<number, string> | undefined

/**
 * What a line of `/proc/<pid>/task/<tid>/syscall` says (proc_pid_syscall(5)): the name of the call, such as
 * `read`, or `syscall 123` for one that has no name here; null when the thread is in none.
 */
export function systemCallOf(line: string): string | null {
  // `running`, or -1 for a thread that was stopped outside a call, as by a page fault.
  const number = Number.parseInt(line, 10)
  if (!(number >= 0)) return null
  own ??= systemCalls(process.arch)
  return own.get(number) ?? `syscall ${number}`
}

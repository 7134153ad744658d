import type { KernelView } from '../model.js'

// What a thread that is found in a call waits for.
const PURPOSES: Readonly<Record<string, readonly string[]>> = {
  'for input': ['read', 'readv', 'pread64', 'preadv', 'recvfrom', 'recvmsg', 'recvmmsg'],
  'to write': ['write', 'writev', 'pwrite64', 'pwritev', 'sendto', 'sendmsg', 'sendmmsg'],
  'for a lock or another thread': ['futex', 'futex_wait', 'futex_waitv'],
  'for events, or for a child process that it started synchronously': [
    ...['epoll_wait', 'epoll_pwait', 'epoll_pwait2', 'poll', 'ppoll', 'select', 'pselect6'],
  ],
  'for a child process': ['wait4', 'waitid', 'vfork'],
  'for time to pass': ['nanosleep', 'clock_nanosleep'],
  'for a connection': ['accept', 'accept4', 'connect'],
  'for a file lock': ['flock', 'fcntl'],
  'for data to reach a disk': ['fsync', 'fdatasync', 'sync', 'syncfs', 'msync', 'sync_file_range'],
  'for a file to be opened': ['open', 'openat'],
}

const purposeOf = (call: string): string =>
  Object.entries(PURPOSES).find(([, calls]) => calls.includes(call))?.[0] ?? ''

const cores = (cpu: number): string => `${cpu.toFixed(2)} cores`
const percent = (share: number): string => `${Math.round(share * 100)} %`

// Below, a thread that is in a call has hardly run while it was looked at.
const HARDLY = 0.1
const MOSTLY = 0.5

function placeOf({ syscall, wchan }: KernelView): string {
  if (syscall === null) return wchan === null ? '' : ` in the kernel's ${wchan}`
  // A page of the manual is named by its section.
  const call = syscall.startsWith('syscall ') ? syscall : `${syscall}(2)`
  return ` in ${[call, purposeOf(syscall)].filter(Boolean).join(' ')}`
}

/** Whether it is other threads that keep it from answering. */
export const wantsProcessor = ({ state, runDelay }: KernelView): boolean =>
  state === 'R' && (runDelay ?? 0) > MOSTLY

function running(view: KernelView): string {
  const { syscall, cpu, runDelay } = view
  if (runDelay !== null && wantsProcessor(view)) {
    return `wanting to run, but without a processor ${percent(runDelay)} of the time`
  }
  const where = syscall === null ? 'native code' : `${syscall}(2)`
  return cpu === null
    ? `running in ${where}: nothing answers`
    : `burning a processor in ${where} (${cores(cpu)}): nothing answers`
}

function sleeping(view: KernelView): string {
  const { cpu } = view
  const place = placeOf(view)
  if (cpu !== null && cpu > HARDLY) return `running now and then${place} (${cores(cpu)})`
  return place === '' ? 'asleep, off the processor' : `${place.trimStart()}, off the processor`
}

/** What a thread that answers nothing is doing, as far as the kernel tells: to be put behind its name. */
export function describeKernelView(view: KernelView): string {
  switch (view.state) {
    case null:
      return 'the kernel tells nothing of it here'
    case 'R':
      return running(view)
    case 'D': {
      const place = view.wchan === null ? '' : ` (${view.wchan})`
      return `waiting for a device${placeOf(view)}${view.syscall === null ? '' : place}`
    }
    case 'T':
    case 't':
      return 'stopped by a signal or a debugger'
    case 'X':
    case 'Z':
      return 'ended'
    default:
      return view.cpu !== null && view.cpu > MOSTLY ? running(view) : sleeping(view)
  }
}

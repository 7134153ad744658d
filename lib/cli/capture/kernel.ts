import type { KernelView } from '../../diagnostics/model.js'
import { percentText } from '../terminal/quantity.js'

// What Node.js programs are in when they stand still in such a call.
const OFTEN: readonly (readonly [call: RegExp, meaning: string])[] = [
  [/^(?:epoll_|poll|ppoll|select|pselect)/, 'as execSync and spawnSync do'],
  [/^futex/, 'a lock, or Atomics.wait'],
  [/^(?:read|pread|readv)/, 'a pipe, a terminal or a file'],
  [/^(?:write|pwrite|writev)/, 'a pipe that is full, or a file'],
  [/^f(?:data)?sync$/, 'a disk'],
  [/^wait/, 'a child process'],
]

const meaningOf = (syscall: string): string => {
  const meaning = OFTEN.find(([call]) => call.test(syscall))?.[1]
  return meaning === undefined ? '' : ` (${meaning})`
}

function placeOf({ syscall, wchan }: KernelView): string {
  const inKernel = wchan === null || wchan === '' || wchan === '0' ? '' : `, in the kernel ${wchan}`
  if (syscall === null) return inKernel
  return ` in the system call ${syscall}${meaningOf(syscall)}${inKernel}`
}

function useOf({ cpu, runDelay }: KernelView): string {
  if (cpu === null) return ''
  const waits =
    runDelay !== null && runDelay >= 0.05 ? `, waits for a processor ${percentText(runDelay)}` : ''
  return `, CPU ${percentText(cpu)}${waits}`
}

const DOING: Readonly<Record<string, string>> = {
  R: 'runs',
  S: 'sleeps',
  D: 'waits for a device',
  T: 'is stopped',
  t: 'is stopped by a debugger',
  Z: 'has ended',
}

/** What the kernel tells of a thread, as the end of a sentence. */
export function kernelText(kernel: KernelView): string {
  const doing = kernel.state === null ? undefined : DOING[kernel.state]
  const place = placeOf(kernel)
  const what = doing ?? (kernel.state === null ? 'does what nobody knows' : `is in ${kernel.state}`)
  const native = kernel.state === 'R' && kernel.syscall === null ? ' native code' : ''
  return `${what}${native}${place}${useOf(kernel)}`
}

/** CPU time in µs, the shape of `process.cpuUsage()`. */
export interface CpuUsage {
  /** µs in user code. */
  user: number
  /** µs in the kernel on the thread's behalf. */
  system: number
}

/** Node's own per-thread call, where this Node has it (22.19, 23.9 and later). */
export function availableThreadCpuUsage(): (() => CpuUsage) | undefined {
  return (process as { threadCpuUsage?: () => CpuUsage }).threadCpuUsage
}

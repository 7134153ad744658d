import { DoorClient } from '../../diagnostics/door/client.js'
import type { DiagnosticThread } from '../../diagnostics/model.js'

/** Whether a process can be asked for captures, and what it says of itself. */
export interface Answer {
  readonly state: 'ready' | 'off' | 'silent'
  readonly node: string | null
  readonly threadmeter: string | null
  readonly threads: readonly DiagnosticThread[]
}

const LONGEST_MS = 2000
const NOTHING = { node: null, threadmeter: null, threads: [] } as const

/** Asks the process that listens there, for a moment. */
export async function askDoor(path: string | undefined): Promise<Answer> {
  if (path === undefined) return { state: 'off', ...NOTHING }
  const client = new DoorClient(path)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), LONGEST_MS)
  })
  try {
    const answer = await Promise.race([late, Promise.all([client.info(), client.threads()])])
    if (answer === undefined) return { state: 'silent', ...NOTHING }
    const [{ node, threadmeter }, threads] = answer
    return { state: 'ready', node, threadmeter, threads }
  } catch {
    return { state: 'silent', ...NOTHING }
  } finally {
    clearTimeout(timer)
    void client.close().catch(() => {})
  }
}

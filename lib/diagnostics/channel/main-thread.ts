import type { CapturedThread } from '../model.js'

export const MAIN_THREAD: CapturedThread = {
  pid: process.pid,
  // Its tid is the pid, in every namespace.
  tid: process.pid,
  threadId: 0,
  name: 'main',
  role: 'main',
}

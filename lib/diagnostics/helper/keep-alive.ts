const LONG_MS = 2 ** 30

/** Keeps a thread's event loop going while something runs: neither a command to a session nor a pause does. */
export class KeepAlive {
  #running = 0
  #timer: NodeJS.Timeout | undefined

  begin(): () => void {
    if (this.#running++ === 0) this.#timer = setInterval(() => {}, LONG_MS)
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      if (--this.#running === 0) clearInterval(this.#timer)
    }
  }
}

interface Exiting {
  reallyExit(code?: number): void
}

/**
 * Calls the listener once, when this process begins to exit: also where `exit` tells nobody, because its
 * listeners were removed or a library calls `process.reallyExit()`, as `process.exit()` does in the end. A
 * worker whose profile runs then would be waited for, and wait itself, for ever.
 */
export function onExit(listener: () => void): void {
  let hasBegun = false
  const begin = () => {
    if (hasBegun) return
    hasBegun = true
    listener()
  }
  process.once('exit', begin)
  const exiting = process as unknown as Exiting
  const { reallyExit } = exiting
  exiting.reallyExit = (code) => {
    begin()
    reallyExit.call(process, code)
  }
}

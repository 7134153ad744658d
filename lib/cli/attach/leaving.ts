/**
 * What would end this program at once does so only when `close` is done: that nobody reads its output any
 * more (`| head`, a terminal that was closed), and SIGQUIT.
 */
export function closeBeforeLeaving(close: () => Promise<void>): void {
  const { stdout, stderr } = process
  const leave = stdout.listeners('error')
  stdout.removeAllListeners('error')
  stdout.on('error', async (error) => {
    await close()
    for (const listener of leave) listener.call(stdout, error)
  })
  // Nobody is left to tell. What is captured may go elsewhere.
  stderr.on('error', () => {})
  process.once('SIGQUIT', async () => {
    await close()
    process.kill(process.pid, 'SIGQUIT')
  })
}

// A terminal taken over for a while, and given back as it was.

const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l'
const LEAVE = '\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l'
const HOME = '\x1b[H'
const CLEAR_TO_END_OF_LINE = '\x1b[K'
const CLEAR_BELOW = '\x1b[J'
// Terminals that know it show all that comes in between at once; the others ignore it.
const BEGIN_UPDATE = '\x1b[?2026h'
const END_UPDATE = '\x1b[?2026l'

const STOP_KEYS = new Set(['q', 'Q', '\x03', '\x04'])

/** Whether a stream is a terminal that understands escape sequences. */
export const canDraw = (stream, env) => stream.isTTY === true && env.TERM !== 'dumb'

/** Whether to draw with characters beyond ASCII: unless the locale says that they are not understood. */
export function isUnicode(env) {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG
  return !locale || /utf-?8/i.test(locale)
}

/**
 * Takes the terminal over: alternate screen, no cursor, keys without Enter.
 *
 * @param onResize called when the size has changed
 * @param onStop called for q and Ctrl-C
 * @returns `size()`, `draw(lines)`, `stopKey` and `close()`; the terminal is also restored at the end of the process,
 * whatever ends it
 */
export function openScreen({ output, input, onResize, onStop }) {
  let open = true

  function onKeys(keys) {
    if ([...keys.toString()].some((key) => STOP_KEYS.has(key))) onStop()
  }

  function close() {
    if (!open) return
    open = false
    process.off('exit', close)
    output.off('resize', onResize)
    output.write(LEAVE)
    if (!input.isTTY) return
    input.off('data', onKeys)
    input.setRawMode(false)
    input.pause()
  }

  process.on('exit', close)
  output.on('resize', onResize)
  output.write(ENTER)
  if (input.isTTY) {
    input.setRawMode(true)
    input.on('data', onKeys)
  }

  return {
    // One column less: after a full line, what clears to its end would take its last character.
    size: () => ({ width: (output.columns || 80) - 1, height: output.rows || 24 }),
    stopKey: input.isTTY ? 'q' : 'Ctrl-C',
    draw(lines) {
      if (!open) return
      const text = lines.map((line) => line + CLEAR_TO_END_OF_LINE).join('\r\n')
      output.write(BEGIN_UPDATE + HOME + text + CLEAR_BELOW + END_UPDATE)
    },
    close,
  }
}

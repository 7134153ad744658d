// Where the view goes: a screen that is rewritten in place, or plain lines.
import { glyphsFor } from './bar.mjs'
import { frame } from './frame.mjs'
import { block } from './lines.mjs'
import { canDraw, isUnicode, openScreen } from './screen.mjs'

const SCREEN_PERIOD = 1
const LONGEST_LINES_PERIOD = 3
const BLOCKS = 8

function screenOutput({ onStop }) {
  const glyphs = glyphsFor(isUnicode(process.env))
  const colours = !process.env.NO_COLOR
  let last
  const draw = () => {
    if (last === undefined) return
    screen.draw(frame(last, { ...screen.size(), stopKey: screen.stopKey, colours, glyphs }))
  }
  const screen = openScreen({
    output: process.stdout,
    input: process.stdin,
    onResize: draw,
    onStop,
  })
  return {
    period: SCREEN_PERIOD,
    show(view) {
      last = view
      draw()
    },
    close: screen.close,
  }
}

function linesOutput({ seconds }) {
  const unicode = isUnicode(process.env)
  return {
    period: seconds === 0 ? LONGEST_LINES_PERIOD : Math.min(LONGEST_LINES_PERIOD, seconds / BLOCKS),
    show(view) {
      console.log(block(view, { elapsed: view.elapsed, unicode }).join('\n'))
    },
    close() {},
  }
}

/** A screen where there is a terminal for it, else lines. `period` is the time between two views, in s. */
export function openOutput({ options, onStop }) {
  const drawing = !options.plain && canDraw(process.stdout, process.env)
  return drawing ? screenOutput({ onStop }) : linesOutput(options)
}

// The story: what happens on stage, when, and what to look at.
import { crowdSize, isCrowdEnough, processors } from './cast.mjs'

const CROWDED = {
  title: 'More busy threads than processors',
  text:
    `${crowdSize} more threads want the ${processors} processors. Who wants to run must wait in line: delay grows, CPU shrinks, requests take longer. ` +
    'No faster code would help here: fewer threads would, or more processors.',
}
const ROOMY = {
  title: 'Still more processors than busy threads',
  text:
    `${crowdSize} more threads are too few to starve ${processors} processors: all of them run. ` +
    'What it looks like when they must wait in line, this shows: taskset -c 0-3 npm start',
}

const PHASES = [
  {
    name: 'quiet',
    share: 0.2,
    title: 'Two threads look alike',
    text:
      'The event loops of crunch and shell are both 100 % utilized (ELU). Only crunch works: shell sits in execSync, and its CPU time gives that away. ' +
      'Event loop utilization alone cannot tell busy from blocked.',
    load: { clients: 1, pause: 100 },
    crowd: false,
  },
  {
    name: 'work',
    share: 0.3,
    title: 'The pool works',
    text:
      "Clients keep the pool busy with hashing, compressing and JSON. V8's helpers collect the garbage of all threads, libuv's gzip the responses. " +
      'No thread is asked for these figures: all are read from outside.',
    load: { clients: 4, pause: 0 },
    crowd: false,
  },
  {
    name: 'starved',
    share: 0.3,
    ...(isCrowdEnough ? CROWDED : ROOMY),
    load: { clients: 4, pause: 0 },
    crowd: true,
  },
  {
    name: 'over',
    share: 0.2,
    title: 'The rush is over',
    text:
      'The crowd has ended, and what it used is not lost: it is in "exited", so that the parts still add up to the process. ' +
      'The pool idles; shell is blocked still.',
    load: { clients: 0, pause: 0 },
    crowd: false,
  },
]

/** The names of the phases. */
export const phaseNames = PHASES.map(({ name }) => name)

/**
 * The story as a function of the time: phases with their beginning, over `seconds`, or over and over again.
 *
 * @param only the name of a phase that lasts for all the time
 */
export function createStory({ seconds, cycle = 30, only }) {
  const phases = PHASES.filter(({ name }) => only === undefined || name === only)
  const whole = phases.reduce((sum, { share }) => sum + share, 0)
  return {
    phases,
    /** The index of the phase at a time in seconds. */
    at(time) {
      const length = seconds === 0 ? cycle : seconds
      let left = ((time % length) / length) * whole
      const index = phases.findIndex(({ share }) => {
        left -= share
        return left < 0
      })
      return index === -1 ? phases.length - 1 : index
    },
  }
}

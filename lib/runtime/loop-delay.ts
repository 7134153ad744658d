// A stall of an hour, looked for every second, is as many values as are worth the time.
const MOST_VALUES = 3600

/**
 * How long whatever had come to the event loop would have waited: what a timer that runs every `interval`
 * ms finds when it runs `late` ms after its time. A turn that hides many looks is told of by each of them,
 * or long turns would count for no more than short ones.
 *
 * @param tell called with seconds
 */
export function tellDelays(late: number, interval: number, tell: (seconds: number) => void): void {
  // Timers count whole ms, so that one may run a little early.
  tell(Math.max(0, late) / 1000)
  let rest = late - interval
  for (let values = 1; rest > 0 && values < MOST_VALUES; values++, rest -= interval) {
    tell(rest / 1000)
  }
}

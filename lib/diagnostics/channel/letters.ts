/** What travels to a thread that is interrupted, and back. Both as JSON. */

/** `take` only asks for what has come since. Who opens a session names it. */
export type Letter =
  | { readonly do: 'open' | 'take' | 'close'; readonly session: string }
  | {
      readonly do: 'post'
      readonly session: string
      readonly id: number
      readonly method: string
      readonly params?: object
      /** Opens the session where that is not done: a termination may have hit the letter that was to. */
      readonly opens?: boolean
    }

/** A message of the inspector: an answer, which has an `id`, or an event, which has a `method`. */
export type Message =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string }
  | { readonly method: string; readonly params: unknown }

export type Reply =
  | {
      /** In the order in which they came. */
      readonly messages: readonly Message[]
      /** There is more to take. */
      readonly more?: boolean
    }
  | { readonly failure: string; readonly isForRoom?: boolean }

/** The function whose frame stands between the thread's own stack and ours. */
export const OWN_FUNCTION = 'threadmeterAnswersLetter'

/** What it calls first, so often that its frames may be all that is sampled of a stack. */
export const ROOM_FUNCTION = 'threadmeterMakesRoom'

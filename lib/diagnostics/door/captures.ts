import { ThreadmeterError } from '../../errors.js'
import type { Engine } from '../engine.js'
import type { CaptureKind } from '../model.js'
import { answerTo } from './capture-answer.js'
import type { Connections, DoorLimits } from './connections.js'
import { abortError, BadRequest } from './door-error.js'
import { EVENTS_TYPE } from './protocol.js'
import { type AskedCapture, readCapture, refuseUnknown } from './query.js'
import type { Exchange, Handler, JsonHandler } from './routes.js'

const wantsEvents = ({ request }: Exchange): boolean =>
  (request.headers.accept ?? '')
    .split(',')
    .some((type) => type.split(';', 1)[0]?.trim() === EVENTS_TYPE)

/** The captures that run, of which there are not too many, and which can be ended by their ids. */
export class Captures {
  readonly #engine: Engine
  readonly #limits: DoorLimits
  readonly #connections: Connections
  readonly #ended = new Map<string, AbortController>()
  #running = 0

  constructor(engine: Engine, connections: Connections, limits: DoorLimits) {
    this.#engine = engine
    this.#connections = connections
    this.#limits = limits
  }

  handler(kind: CaptureKind): Handler {
    return async (exchange) => {
      const asked = readCapture(kind, exchange.query)
      if (this.#running >= this.#limits.captures) {
        throw new ThreadmeterError('ERR_THREADMETER_BUSY', [`${this.#running} captures`])
      }
      this.#running++
      this.#connections.capture(exchange.request.socket)
      try {
        await this.#run(asked, exchange)
      } finally {
        this.#running--
      }
    }
  }

  async #run({ request, id }: AskedCapture, exchange: Exchange): Promise<void> {
    const { response, signal: hungUp } = exchange
    const ended = this.#remember(id)
    try {
      const answer = answerTo(
        { response, request, within: this.#limits.answer },
        wantsEvents(exchange),
      )
      const context = {
        signal: AbortSignal.any([hungUp, ended.signal]),
        onProgress: (event: Parameters<typeof answer.onProgress>[0]) => answer.onProgress(event),
      }
      await answer.send(this.#engine.capture(request, context))
    } finally {
      if (id !== null) this.#ended.delete(id)
    }
  }

  #remember(id: string | null): AbortController {
    const controller = new AbortController()
    if (id === null) return controller
    if (this.#ended.has(id)) throw new BadRequest(409, `a request with the id ${id} runs already`)
    this.#ended.set(id, controller)
    return controller
  }

  /** `DELETE /v1/requests/<id>` */
  readonly end: JsonHandler = ({ rest, query }) => {
    refuseUnknown(query, [])
    const controller = this.#ended.get(rest)
    if (controller === undefined) throw new BadRequest(404, 'no request with that id runs')
    controller.abort(abortError('the request was ended early'))
    return { ended: rest }
  }
}

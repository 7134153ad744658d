import { outOfRange } from '../../errors.js'
import { BadRequest } from '../door/door-error.js'
import type { JsonHandler, JsonRoutes, Method, RouteRequest } from '../door/routes.js'
import type { ArmedTrigger } from './armed-trigger.js'
import type { TriggerStatus } from './model.js'
import { TRIGGERS_PATH } from './routes-path.js'
import { triggerFromText } from './text.js'
import type { Triggers } from './watch.js'

function find(triggers: Triggers, id: string): ArmedTrigger {
  const trigger = triggers.get(id)
  if (trigger !== undefined) return trigger
  throw new BadRequest(404, `there is no trigger ${id}`)
}

function afterOf(query: URLSearchParams): number | undefined {
  for (const name of query.keys()) if (name !== 'after') throw outOfRange('query', 'after', name)
  const text = query.get('after')
  if (text === null) return undefined
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw outOfRange('after', 'the number of a capture', text)
}

/** With `after`: as soon as there is a capture of a higher number. */
async function status(triggers: Triggers, { rest, query, signal }: RouteRequest) {
  const after = afterOf(query)
  const trigger = find(triggers, rest)
  if (after !== undefined) await trigger.captureAfter(after, signal)
  return trigger.status
}

function remove(triggers: Triggers, id: string): TriggerStatus {
  const { status: last } = find(triggers, id)
  triggers.remove(id)
  return last
}

/** What the socket answers about triggers. */
export function triggerRoutes(triggers: Triggers): JsonRoutes {
  return new Map<string, Partial<Record<Method, JsonHandler>>>([
    [
      TRIGGERS_PATH,
      {
        GET: () => ({ triggers: triggers.all() }),
        POST: ({ query }) => triggers.add(triggerFromText('query', query)),
      },
    ],
    [
      `${TRIGGERS_PATH}/*`,
      {
        GET: (request) => status(triggers, request),
        DELETE: ({ rest }) => remove(triggers, rest),
      },
    ],
  ])
}

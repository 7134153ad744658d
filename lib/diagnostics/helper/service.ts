/**
 * What the helper answers with. It is loaded for whoever connects first: an HTTP server alone takes as
 * much memory as a whole thread, in every process of a service, of which few are ever asked.
 */
import type { Socket } from 'node:net'
import { appOf } from '../capture/app-version.js'
import { createAnswerer } from '../door/server.js'
import { createTriggers } from '../triggers/watch.js'
import { doorInfo } from './door-info.js'
import { createEngine } from './engine.js'
import { HeldEngine } from './held-engine.js'
import type { HelperLife } from './lifecycle.js'

export interface Service {
  answer(connection: Socket): void
  /** Lets connections go, those that wait for an answer once they have it. */
  letGo(): void
}

export function createService(life: HelperLife, program: string): Service {
  const engine = createEngine(life, { program, app: appOf(program) })
  // Nobody is connected who would hold an exit for what they capture.
  const { routes } = createTriggers(new HeldEngine(engine, life), { lifecycle: life })
  const { server, letGo } = createAnswerer(engine, doorInfo(program), { routes })
  return { answer: (connection) => void server.emit('connection', connection), letGo }
}

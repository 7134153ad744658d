import { existsSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { messageOf } from '../../capability.js'
import { listenPrivately } from '../door/listen.js'
import { type HelperLife, settledWithin } from './lifecycle.js'
import { refuse } from './refusal.js'
import type { Service } from './service.js'

/** For answers to reach those who asked, once there is no more to take from any thread. */
const ANSWERS_MS = 50

/** Listens, and has somebody answer once there is somebody who asks. */
export class Helper {
  readonly #life: HelperLife
  readonly #program: string
  #server: Server
  #service: Promise<Service> | undefined

  constructor(life: HelperLife, program: string) {
    this.#life = life
    this.#program = program
    this.#server = this.#newServer()
  }

  /** Rejects where it cannot. */
  async listen(path: string): Promise<void> {
    await listenPrivately(this.#server, path)
    // An exit that began in the meantime has not found it.
    if (this.#life.isEnding) rmSync(path, { force: true })
  }

  /** Where somebody has removed the socket. Who is connected stays so. Rejects where it cannot. */
  async listenAgain(path: string): Promise<void> {
    if (existsSync(path)) return
    this.#server.close()
    this.#server = this.#newServer()
    await this.listen(path)
  }

  /** What answers, and watches for triggers. */
  load(): Promise<Service> {
    this.#service ??= this.#create().catch((error) => {
      // The next one may find more file descriptors, say.
      this.#service = undefined
      throw error
    })
    return this.#service
  }

  /** Takes from the threads what there is, hands it on, and lets the exit of the process go on. */
  async end(): Promise<void> {
    await this.#life.end()
    await settledWithin(this.#close(), ANSWERS_MS)
    this.#life.done()
  }

  #newServer(): Server {
    return createServer((connection) => void this.#answer(connection))
  }

  async #create(): Promise<Service> {
    const { createService } = await import('./service.js')
    return createService(this.#life, this.#program)
  }

  async #answer(connection: Socket): Promise<void> {
    // It may go before there is anybody who listens to that.
    connection.on('error', () => {})
    try {
      connection.once('close', this.#life.hold())
      const { answer } = await this.load()
      // An HTTP server would keep what is gone already.
      if (!connection.destroyed) answer(connection)
    } catch (error) {
      refuse(connection, messageOf(error))
    }
  }

  async #close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    const service = await this.#service
    service?.letGo()
    await closed
  }
}

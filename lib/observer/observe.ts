import { joinDirectory } from '../meter/directory.js'
import { noteMeterFile } from '../meter/status.js'
import { reportThread } from '../runtime/report-thread.js'
import { removeMark, setMark } from './mark.js'
import { TEXT, type Wanted, wantedBy } from './negotiation.js'
import { checkOptions, type ObserveOptions } from './options.js'
import type { ServiceThread } from './outside/index.js'
import { metricsHeaders } from './pages.js'
import { Supervisor } from './supervisor.js'

/** The headers of a request that say what its client understands. */
export interface MetricsRequest {
  readonly accept?: string | undefined
  readonly 'accept-encoding'?: string | readonly string[] | undefined
}

/** An exposition for a client that said what it understands. */
export interface MetricsResponse {
  readonly body: Buffer
  /** `content-type`, `vary`, and `content-encoding` where it is compressed. */
  readonly headers: Readonly<Record<string, string>>
}

/** What {@link observe} gives. */
export interface Observer {
  /** Where the server listens; null without one. */
  readonly url: string | null
  /** The `Content-Type` of the text that `metrics()` gives. */
  readonly contentType: string
  /**
   * All metrics of the service as Prometheus text. A text that is younger than ten times what it took to
   * make is given again.
   *
   * Cost: 0.8 ms of the calling thread for 510 KB; whoever calls while one is under way shares it.
   */
  metrics(): Promise<string>
  /**
   * The same in the format and encoding that the headers of a request ask for.
   *
   * @example
   * ```js
   * import { createServer } from 'node:http'
   * import { observe } from 'threadmeter/observer'
   *
   * const observer = await observe({ server: false })
   * const server = createServer(async (request, response) => {
   *   const { headers, body } = await observer.metrics(request.headers)
   *   response.writeHead(200, headers).end(body)
   * })
   * server.listen(0, () => server.close())
   * await observer.close()
   * ```
   */
  metrics(request: MetricsRequest): Promise<MetricsResponse>
  /** All threads of all processes of the service, as they are seen from outside. */
  threads(): Promise<readonly ServiceThread[]>
  /** Ends the observer; what threads count stays for the next one. */
  close(): Promise<void>
}

class ThreadObserver implements Observer {
  readonly url: string | null
  readonly contentType = metricsHeaders(TEXT)['content-type'] as string
  readonly #supervisor: Supervisor
  readonly #directory: string
  readonly #openMetrics: boolean
  #text: Promise<string> | undefined
  #bodies = new Map<string, Promise<Buffer>>()

  constructor(supervisor: Supervisor, directory: string, url: string | null, openMetrics: boolean) {
    this.#supervisor = supervisor
    this.#directory = directory
    this.url = url
    this.#openMetrics = openMetrics
  }

  metrics(): Promise<string>
  metrics(request: MetricsRequest): Promise<MetricsResponse>
  metrics(request?: MetricsRequest): Promise<string | MetricsResponse> {
    return request === undefined ? this.#sharedText() : this.#respond(request)
  }

  threads(): Promise<readonly ServiceThread[]> {
    return this.#supervisor.threads()
  }

  async close(): Promise<void> {
    removeMark(this.#directory)
    await this.#supervisor.close()
  }

  #sharedText(): Promise<string> {
    this.#text ??= this.#supervisor.text().finally(() => {
      this.#text = undefined
    })
    return this.#text
  }

  async #respond(request: MetricsRequest): Promise<MetricsResponse> {
    const { accept, 'accept-encoding': encoding } = request
    const wanted = wantedBy(accept, encoding?.toString(), this.#openMetrics)
    return { body: await this.#body(wanted), headers: metricsHeaders(wanted) }
  }

  #body(wanted: Wanted): Promise<Buffer> {
    const key = `${wanted.format} ${wanted.gzip}`
    let body = this.#bodies.get(key)
    if (body === undefined) {
      body = this.#supervisor
        .metrics(wanted)
        .then(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength))
        .finally(() => this.#bodies.delete(key))
      this.#bodies.set(key, body)
    }
    return body
  }
}

/**
 * Starts an observer: one thread, `threadmeter-observer`, that reads all threads of the service and
 * serves what it reads on `/metrics` (Prometheus text and OpenMetrics), `/threads` (JSON) and
 * `/healthz`. It asks no other thread for anything, so it answers while they are blocked, and a scrape
 * costs them nothing. It never keeps the process alive; when it fails it is started again.
 *
 * Where no runtime directory can be had it still shows what is read from outside;
 * `capabilities().meterFiles` says why.
 *
 * Cost: 10 to 14 ms of the calling thread, 14 to 26 MB of memory; once, 1 ms of CPU a second afterwards,
 * in the observer's thread.
 *
 * @throws {TypeError} `ERR_THREADMETER_INVALID_ARG_TYPE` for an option of the wrong type
 * @throws {RangeError} `ERR_THREADMETER_OUT_OF_RANGE` for an option that cannot be used
 * @throws {ThreadmeterError} `ERR_THREADMETER_LISTEN` when the port is in use or the host is not of this
 * machine; `ERR_THREADMETER_OBSERVER_FAILED` when the thread cannot start
 *
 * @example
 * ```js
 * import { observe } from 'threadmeter/observer'
 *
 * const observer = await observe({ port: 0 })
 * console.log(observer.url, (await observer.threads()).length)
 * await observer.close()
 * ```
 */
export async function observe(options?: ObserveOptions): Promise<Observer> {
  const { directory, server, openMetrics } = checkOptions(options)
  const joined = joinDirectory(directory)
  const path = joined.available ? joined.path : undefined
  if (joined.available) reportThread()
  else noteMeterFile(() => joined)
  const supervisor = new Supervisor(path, server)
  const url = await supervisor.start()
  if (url !== null) setMark(path ?? '')
  return new ThreadObserver(supervisor, path ?? '', url, openMetrics)
}

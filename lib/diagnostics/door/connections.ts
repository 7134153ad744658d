import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** What clients may take; times in ms. */
export interface DoorLimits {
  readonly connections: number
  /** Captures that run or wait at once; fewer than connections, so that others find room. */
  readonly captures: number
  /** Request line and headers. */
  readonly headerBytes: number
  readonly bodyBytes: number
  /** From the connection, or the answer before, to the end of a request's headers. */
  readonly request: number
  /** For which a client may take nothing of an answer of which there is more; in which it takes the last part. */
  readonly answer: number
}

export const LIMITS: DoorLimits = {
  connections: 64,
  captures: 56,
  headerBytes: 16 * 1024,
  bodyBytes: 64 * 1024,
  request: 10_000,
  answer: 30_000,
}

/** A connection, and the one request of it that is waited for or answered. */
export interface Turn {
  isBusy: boolean
  /** A capture runs for it. */
  isCapturing: boolean
  /** Ends the connection; undefined while its request is worked on. */
  deadline: NodeJS.Timeout | undefined
}

/**
 * Lets nobody hold the socket by holding connections: one without a request for a while goes, and where
 * there are too many the oldest for which nothing is captured. There are timers only while there are
 * connections.
 */
export class Connections {
  readonly #connections = new Map<Socket, Turn>()
  readonly #limits: DoorLimits
  #isClosing = false

  constructor(server: Server, limits: DoorLimits) {
    this.#limits = limits
    server.on('connection', (socket: Socket) => this.#add(socket))
  }

  #add(socket: Socket): void {
    // It would never say that it is closed.
    if (socket.destroyed) return
    // A client must not keep the process alive.
    socket.unref()
    this.#await(socket)
    socket.once('close', () => this.#forget(socket))
    if (this.#connections.size > this.#limits.connections) this.#oldestToSpare()?.destroy()
  }

  /** Until its next request. */
  #await(socket: Socket): void {
    const deadline = this.#endAfter(this.#limits.request, socket)
    this.#connections.set(socket, { isBusy: false, isCapturing: false, deadline })
  }

  #endAfter(ms: number, socket: Socket): NodeJS.Timeout {
    return setTimeout(() => socket.destroy(), ms).unref()
  }

  #forget(socket: Socket): void {
    clearTimeout(this.#connections.get(socket)?.deadline)
    this.#connections.delete(socket)
  }

  #oldestToSpare(): Socket | undefined {
    for (const [socket, { isCapturing }] of this.#connections) if (!isCapturing) return socket
    return undefined
  }

  /** A request has come. Undefined when the one before on that connection is not answered yet. */
  begin(socket: Socket): Turn | undefined {
    const turn = this.#connections.get(socket)
    if (turn === undefined || turn.isBusy) return undefined
    clearTimeout(turn.deadline)
    turn.isBusy = true
    return turn
  }

  /** From now to its end the request is one for a capture. */
  capture(socket: Socket): void {
    const turn = this.#connections.get(socket)
    if (turn !== undefined) turn.isCapturing = true
  }

  /** There is no more to its answer; the client may yet have to take the last of it. */
  answered(socket: Socket, turn: Turn): void {
    if (this.#connections.get(socket) !== turn) return
    turn.isCapturing = false
    turn.deadline = this.#endAfter(this.#limits.answer, socket)
  }

  /** Its answer has been taken. */
  end(socket: Socket): void {
    const isThere = this.#connections.has(socket)
    this.#forget(socket)
    if (!isThere || socket.destroyed) return
    this.#await(socket)
    if (this.#isClosing) socket.destroySoon()
  }

  /** Lets those go that wait for nothing, and the others when they have been answered. */
  close(): void {
    this.#isClosing = true
    for (const [socket, { isBusy }] of this.#connections) if (!isBusy) socket.destroy()
  }
}

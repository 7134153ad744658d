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
  /** For which a client may take nothing of an answer of which there is more. */
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

interface Connection {
  isBusy: boolean
  /** A capture runs for it. */
  isCapturing: boolean
  /** Ends it; undefined while it is busy. */
  deadline: NodeJS.Timeout | undefined
}

/**
 * Lets nobody hold the socket by holding connections: one without a request for a while goes, and where
 * there are too many the oldest for which nothing is captured. There are timers only while there are
 * connections.
 */
export class Connections {
  readonly #connections = new Map<Socket, Connection>()
  readonly #limits: DoorLimits
  #isClosing = false

  constructor(server: Server, limits: DoorLimits) {
    this.#limits = limits
    server.on('connection', (socket: Socket) => this.#add(socket))
  }

  #add(socket: Socket): void {
    // A client must not keep the process alive.
    socket.unref()
    this.#await(socket)
    socket.once('close', () => this.#forget(socket))
    if (this.#connections.size > this.#limits.connections) this.#oldestToSpare()?.destroy()
  }

  /** Until its next request. */
  #await(socket: Socket): void {
    const deadline = setTimeout(() => socket.destroy(), this.#limits.request).unref()
    this.#connections.set(socket, { isBusy: false, isCapturing: false, deadline })
  }

  #forget(socket: Socket): void {
    clearTimeout(this.#connections.get(socket)?.deadline)
    this.#connections.delete(socket)
  }

  #oldestToSpare(): Socket | undefined {
    for (const [socket, { isCapturing }] of this.#connections) if (!isCapturing) return socket
    return undefined
  }

  /** A request has come. False when the one before on that connection is not answered yet. */
  begin(socket: Socket): boolean {
    const connection = this.#connections.get(socket)
    if (connection === undefined || connection.isBusy) return false
    clearTimeout(connection.deadline)
    connection.isBusy = true
    return true
  }

  /** From now to its end the request is one for a capture. */
  capture(socket: Socket): void {
    const connection = this.#connections.get(socket)
    if (connection !== undefined) connection.isCapturing = true
  }

  /** Its answer has ended. */
  end(socket: Socket): void {
    if (!this.#connections.delete(socket) || socket.destroyed) return
    this.#await(socket)
    if (this.#isClosing) socket.destroySoon()
  }

  /** Lets those go that wait for nothing, and the others when they have been answered. */
  close(): void {
    this.#isClosing = true
    for (const [socket, { isBusy }] of this.#connections) if (!isBusy) socket.destroy()
  }
}

import { createRequire } from 'node:module'

const require = createRequire(new URL('../peers/package.json', import.meta.url))

/** A package in bench/peers/. */
export const requirePeer = (name) => require(name)

/** The path of a file of one. */
export const resolvePeer = (specifier) => require.resolve(specifier)

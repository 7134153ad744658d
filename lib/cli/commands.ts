import { attach } from './attach/command.js'
import type { Command } from './command.js'
import { completion } from './completion/command.js'
import { gc } from './gc/command.js'
import { heapProfile } from './heap-profile/command.js'
import { heapSnapshot } from './heap-snapshot/command.js'
import { profile } from './profile/command.js'
import { ps } from './ps/command.js'
import { serve } from './serve/command.js'
import { stack } from './stack/command.js'
import { top } from './top/command.js'

/** The commands by name, in the order in which they are listed. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  top,
  ps,
  stack,
  profile,
  'heap-profile': heapProfile,
  'heap-snapshot': heapSnapshot,
  gc,
  attach,
  serve,
  completion,
}

/** What is not for people: shells ask it for words to complete. */
export const COMPLETE = '__complete'

import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const OPENERS = ['xdg-open', 'wslview', 'gio'] as const

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function findOpener(): string | undefined {
  const { DISPLAY, WAYLAND_DISPLAY, WSL_DISTRO_NAME, PATH = '' } = process.env
  if (!DISPLAY && !WAYLAND_DISPLAY && !WSL_DISTRO_NAME) return undefined
  const directories = PATH.split(delimiter).filter((directory) => directory !== '')
  return OPENERS.flatMap((name) => directories.map((directory) => join(directory, name))).find(
    isExecutable,
  )
}

/** Shows a file in the browser, and says what was done: where nothing can, how to open it. */
export function openInBrowser(path: string): Promise<string> {
  const url = pathToFileURL(resolve(path)).href
  const byHand = `no browser can be opened from here: open ${url}`
  const opener = findOpener()
  if (opener === undefined) return Promise.resolve(byHand)
  const args = opener.endsWith('gio') ? ['open', url] : [url]
  return new Promise((told) => {
    const child = spawn(opener, args, { detached: true, stdio: 'ignore' })
    child.once('error', () => told(byHand))
    child.once('spawn', () => {
      child.unref()
      told(`opening ${url}`)
    })
  })
}

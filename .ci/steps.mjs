// Running the gate's steps: each with its own log and time limit, one line when it is over, and its
// output only when it failed.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './files.mjs'

const SHOWN_BYTES = 40_000

// The process groups that are running; none outlives its step or the gate.
const groups = new Set()

function end(group) {
  groups.delete(group)
  try {
    process.kill(-group, 'SIGKILL')
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    for (const group of groups) end(group)
    process.exit(1)
  })
}

/** Runs one program to its end, or until its time is over. */
async function execute({ command, args = [], env = {}, cwd = ROOT, minutes = 5 }, log) {
  const output = openSync(log, 'a')
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, NO_COLOR: '1', ...env },
    stdio: ['ignore', output, output],
    detached: true,
  })
  closeSync(output)
  if (child.pid !== undefined) groups.add(child.pid)
  let isOver = false
  const timer = setTimeout(() => {
    isOver = true
    end(child.pid)
  }, minutes * 60_000)
  try {
    const [code, signal] = await once(child, 'exit')
    if (code === 0) return ''
    if (isOver) return `stopped after ${minutes} minutes`
    return signal === null ? `exit code ${code}` : `killed by ${signal}`
  } catch (error) {
    return error.message
  } finally {
    clearTimeout(timer)
    if (child.pid !== undefined) end(child.pid)
  }
}

function tail(log) {
  const text = readFileSync(log, 'utf8')
  return text.length > SHOWN_BYTES ? `…${text.slice(-SHOWN_BYTES)}` : text
}

/**
 * Runs a step. What it counts is its one result, or what its `count` reads once it has run.
 * @returns {Promise<{ passed: number, failed: number }>}
 */
export async function runStep(step, logs) {
  const log = join(logs, `${step.name.replaceAll(/[^\w.]+/g, '-')}.log`)
  const start = performance.now()
  const failure = await execute(step, log)
  const counts = step.count?.(failure, log) ?? {
    passed: Number(!failure),
    failed: Number(!!failure),
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  const details = [failure, step.count && `${counts.passed} passed, ${counts.failed} failed`]
  const verdict = counts.failed === 0 ? 'ok    ' : 'FAILED'
  const line = `${verdict} ${step.name} (${seconds} s) ${details.filter(Boolean).join(': ')}`
  console.log(line.trimEnd())
  if (counts.failed > 0) console.log(`--- ${step.name}\n${tail(log)}\n--- end of ${step.name}`)
  return counts
}

/** Runs steps, up to `limit` at a time. */
export async function runSteps(steps, logs, limit) {
  const waiting = [...steps]
  const results = []
  const work = async () => {
    for (let step = waiting.shift(); step; step = waiting.shift()) {
      results.push(await runStep(step, logs))
    }
  }
  await Promise.all(Array.from({ length: limit }, work))
  return results
}

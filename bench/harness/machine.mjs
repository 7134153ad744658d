import { readFileSync } from 'node:fs'
import os from 'node:os'

function textOf(file) {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return undefined
  }
}

/** What the figures depend on. */
export function describeMachine() {
  const cpus = os.cpus()
  return {
    node: process.version,
    arch: process.arch,
    kernel: `${os.type()} ${os.release()}`,
    cpu: cpus[0]?.model ?? 'unknown',
    cores: os.availableParallelism(),
    clocksource: textOf('/sys/devices/system/clocksource/clocksource0/current_clocksource'),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    load: os.loadavg().map((load) => Math.round(load * 100) / 100),
    date: new Date().toISOString().slice(0, 10),
  }
}

export function machineLine(machine) {
  const { node, arch, kernel, cpu, cores, clocksource, memoryGiB, load } = machine
  return (
    `Node ${node} ${arch}, ${kernel}, ${cores} cores (${cpu}), clock ${clocksource}, ` +
    `${memoryGiB} GiB, load ${load.join(' ')}`
  )
}

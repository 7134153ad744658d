import type { PageData } from './data.js'
import { element } from './elements.js'
import { Graph } from './graph.js'
import { legend } from './legend.js'
import { Store } from './state.js'
import { FunctionTable } from './table.js'
import { pageKeys, toolbar } from './toolbar.js'
import { selection, trail } from './trail.js'
import { groupOf, readTree } from './tree.js'

/** Whether anything but idle time was seen. */
function isBusy(data: PageData, isIdle: (frame: number) => boolean): boolean {
  const { self, frame } = data.nodes
  return self.some((weight, node) => node > 0 && weight > 0 && !isIdle(frame[node] as number))
}

function start(): void {
  const data = JSON.parse(element('data').textContent) as PageData
  const tree = readTree(data)
  const isIdle = (frame: number): boolean => groupOf(tree, frame).kind === 'idle'
  const store = new Store(tree, {
    ...{ root: 0, selected: -1, marked: null, markedBy: '', isIcicle: true },
    withIdle: !isBusy(data, isIdle),
  })
  legend(store)
  toolbar(store)
  trail(store)
  selection(store)
  new FunctionTable(store)
  new Graph(store)
  pageKeys(store)
}

start()

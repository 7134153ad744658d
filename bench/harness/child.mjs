// One benchmark in a process of its own: no benchmark sees the threads, the heap or the compiled code
// of another. Talks to run.mjs over IPC.
const [name, quick] = process.argv.slice(2)
const { default: benchmark } = await import(`../benchmarks/${name}.mjs`)
const result = await benchmark.run({
  quick: quick === 'quick',
  progress: (text) => process.send({ progress: text }),
})
process.send({ result: { name, title: benchmark.title, ...result } }, () => process.exit(0))

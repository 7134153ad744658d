/** The slow way: it takes twice as long for about every n + 1. */
export function fibonacci(n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2)
}

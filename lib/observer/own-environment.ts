/**
 * For threads that monitor: nothing that the application is preloaded with belongs into them, nor is what
 * they run the application's coverage.
 */
export function ownEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, NODE_V8_COVERAGE: __, ...rest } = process.env
  return rest
}

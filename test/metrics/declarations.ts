// The names that a declaration file makes known: its exports, and the members of its classes, interfaces
// and namespaces as `Owner.member`.

// Parameters on lines of their own are no members.
const WITHOUT_MEMBERS = new Set(['function', 'type'])

const DECLARATION =
  /^(?:export )?(?:declare )?(?:abstract )?(class|interface|type|enum|const|function|namespace) (\w+)/
const MEMBER =
  /^(?:static )?(?:readonly )?(?:get |set )?(?:interface |type |var |let )?(\w+)\??[<(:; {]/

const depthOf = (line: string): number => {
  const open = line.match(/[{(]/g)?.length ?? 0
  return open - (line.match(/[})]/g)?.length ?? 0)
}

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')

export function declaredNames(text: string): string[] {
  const names = new Set<string>()
  let owner: string | undefined
  let depth = 0
  for (const line of withoutComments(text).split('\n')) {
    const trimmed = line.trim()
    const declaration = DECLARATION.exec(trimmed)
    if (depth === 0 && declaration !== null) {
      const [, kind, name] = declaration as unknown as [string, string, string]
      owner = WITHOUT_MEMBERS.has(kind) ? undefined : name
      names.add(name)
    } else if (depth === 1 && owner !== undefined) {
      const member = MEMBER.exec(trimmed)?.[1]
      if (member !== undefined && member !== 'constructor') names.add(`${owner}.${member}`)
    }
    depth += depthOf(trimmed)
  }
  return [...names]
}

/** One change that a test must notice. */
export interface Mutation {
  readonly name: string
  /** From the root of the workspace. */
  readonly file: string
  /** Text that is in the file exactly once. */
  readonly from: string
  readonly to: string
  /** What `vitest run --project` is given: a project, and words of the names of its test files. */
  readonly tests: string
  /** What would be wrong with a run. */
  readonly fear: string
}

/** What became of a mutation: whether a test failed, and which one first. */
export interface Outcome {
  readonly mutation: Mutation
  /** `broken`: its tests fail without it, or none ran with it, so it proves nothing. */
  readonly status: "killed" | "survived" | "broken"
  readonly by: string
}

/** The file with the mutation in it. */
export const mutate = (source: string, { file, from, name, to }: Mutation): string => {
  const count = source.split(from).length - 1
  if (count !== 1) throw new Error(`${name}: ${file} holds the text ${count} times and should hold it once`)
  // A function, because a text may hold what `replace` takes for a pattern.
  return source.replace(from, () => to)
}

import { kinds } from "./evaluationKinds.ts"

const names: ReadonlyArray<string> = kinds.map(({ name }) => name)

/** What was measured in the order of the evaluations that a config can name; behind them those of a program's own. */
export const inOrder = <M extends { readonly evaluation: string }>(
  found: ReadonlyArray<M>
): ReadonlyArray<M> => found.toSorted((a, b) => rankOf(a) - rankOf(b))

const rankOf = ({ evaluation }: { readonly evaluation: string }): number => {
  const rank = names.indexOf(evaluation)
  return rank === -1 ? names.length : rank
}

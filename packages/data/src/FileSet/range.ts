/** Shards that a range may name. */
const maxShards = 100_000

const braces = /\{(\d{1,9})\.\.(\d{1,9})\}/

/**
 * The names that a name with ranges stands for, as shells and WebDataset write them: `train-{000..012}.tar` are thirteen,
 * each number with as many digits as the first one has. Several ranges stand for all combinations.
 *
 * @returns nothing where the name has no range, or ranges of more than 100,000 names
 */
export const namesInRange = (name: string): ReadonlyArray<string> | undefined => {
  const found = braces.exec(name)
  if (found === null) return undefined
  const [range, from = "", to = ""] = found
  const [first, last] = [Number(from), Number(to)]
  const count = Math.abs(last - first) + 1
  const before = name.slice(0, found.index)
  const rest = name.slice(found.index + range.length)
  const endings = braces.test(rest) ? namesInRange(rest) : [rest]
  if (endings === undefined || count * endings.length > maxShards) return undefined
  return Array.from({ length: count }, (_, place) =>
    String(Math.min(first, last) + place).padStart(from.length, "0")
  ).flatMap((number) => endings.map((ending) => `${before}${number}${ending}`))
}

/** The part of a path with ranges that stands before the folder or file that the first one is in. */
export const folderOfRange = (path: string): string =>
  path.slice(0, path.lastIndexOf("/", path.search(braces)) + 1)

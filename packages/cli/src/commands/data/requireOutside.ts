import { namesInRange } from "@moco/data/FileSet/range"
import { Effect, FileSystem, Option, Path } from "effect"
import { FlagsInvalid } from "../../FlagsInvalid.ts"

/**
 * Refuses to write among the images that are read, or in the place of one: what is written would be one of them, and what
 * was there would be lost.
 *
 * @param out  a file; where none is named it goes into this folder
 */
export const requireOutside = Effect.fn("cli.requireOutside")(function* (
  data: string,
  out: Option.Option<string>,
  what: "picture" | "packed file"
) {
  const path = yield* Path.Path
  const target = yield* realPathOf(Option.getOrElse(out, () => "picture"))
  for (const read of namesInRange(data) ?? [data]) {
    const below = path.relative(yield* realPathOf(read), target)
    if (below === ".." || below.startsWith(`..${path.sep}`) || path.isAbsolute(below)) continue
    return yield* new FlagsInvalid({
      flags: Option.match(out, { onNone: () => `--data=${data}`, onSome: (file) => `--out=${file}` }),
      problem:
        below === ""
          ? `the ${what} would take the place of the images that are read`
          : `the ${what} would be written among the images, and be one of them`,
      hint: "name another place for it with --out=FILE"
    })
  }
})

/** Where a path leads, as far as it is there. */
const realPathOf = Effect.fnUntraced(function* (name: string) {
  const [fileSystem, path] = [yield* FileSystem.FileSystem, yield* Path.Path]
  const missing: Array<string> = []
  let there = path.resolve(name)
  while (there !== path.dirname(there)) {
    const real = yield* Effect.option(fileSystem.realPath(there))
    if (Option.isSome(real)) return path.join(real.value, ...missing)
    missing.unshift(path.basename(there))
    there = path.dirname(there)
  }
  return path.join(there, ...missing)
})

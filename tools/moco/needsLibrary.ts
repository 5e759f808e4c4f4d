import { readFileSync } from "node:fs"
import { join } from "node:path"
import { isSetUp } from "@moco/native/setup/isSetUp"

/**
 * Whether a command line computes and libtensorflow is not set up for it.
 *
 * @param isThere  whether it is set up
 */
export const needsLibrary = (args: ReadonlyArray<string>, isThere = () => isSetUp()): boolean =>
  computes(args) && !isThere()

interface Targets {
  readonly [command: string]: { readonly dependsOn?: ReadonlyArray<{ readonly target: string }> }
}

/** The commands of which nx sets it up before. */
const computes = (args: ReadonlyArray<string>): boolean => {
  if (args.includes("--help") || args.includes("-h")) return false
  const command = args.find((arg) => !arg.startsWith("-"))
  const manifest = join(import.meta.dirname, "..", "..", "packages", "cli", "package.json")
  const { nx } = JSON.parse(readFileSync(manifest, "utf8")) as { readonly nx: { readonly targets: Targets } }
  const target = command !== undefined && Object.hasOwn(nx.targets, command) ? nx.targets[command] : undefined
  return target?.dependsOn?.some(({ target }) => target === "libtensorflow") ?? false
}

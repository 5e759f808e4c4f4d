import { readdirSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"
import { assert, describe, it } from "@effect/vitest"

const root = join(import.meta.dirname, "../..")

/** Calls that read or write what is in a file, of Effect's file system and of Node's, and of what opens files itself. */
const calls =
  /\b(?:readFile|readFileSync|readFileString|createReadStream|openAsBlob|writeFile|writeFileSync|writeFileString|appendFile|appendFileSync|copyFile|copyFileSync|cp|cpSync|createWriteStream|open|openSync|truncateSync|makeTempFile|makeTempFileScoped|sink|stream|heapSnapshot|writeHeapSnapshot|Database|backup|DatabaseSync)\(/g

/** What such a call is done on. `RunFolder.writeFile` and the like are our own, and are looked at where they are defined. */
const receivers = /(?:\b(?:fileSystem|fs|real|NFS|FileSystem|promises)\.|\bnew |(?<![.\w]))$/

/** The kernel's own files are short and no file's name. */
const ofKernel = /^(?:["'`]\/proc\/|["'`]\/sys\/)/

/** Where files are opened otherwise, and why that is right. */
const allowed: Readonly<Record<string, string>> = {
  "packages/core/src/SafeFile/reading.ts": "the one way to read",
  "packages/core/src/SafeFile/writing.ts": "the one way to write",
  "packages/native/src/PlainFile.ts": "both, without Effect",
  "packages/native/src/sources.ts": "the program's own sources",
  "packages/native/setup/Lock.ts": "made exclusively, and kept open for its heart",
  "packages/train/src/FolderLock/lockFile.ts": "made exclusively, and kept open for its inode",
  "packages/train/src/FolderLock/Heartbeat.ts": "opened to be touched; not through a link",
  "packages/train/src/FolderLock/fence.ts": "hands calls on",
  "packages/train/src/ProcessIdentity.ts": "takes names under /proc alone",
  "packages/cli/src/noHangUp.ts": "takes names under /proc alone",
  "packages/cli/src/stopWithNx.ts": "takes names under /proc alone",
  "packages/train/src/internal/stillThere.ts": "opened to be held, and never read",
  "packages/train/src/Bench/machine.ts": "takes names under /sys alone",
  "packages/train/src/testing/faultyFileSystem.ts": "hands calls on",
  "packages/study/src/TrialIndex.ts": "a database in memory",
  "packages/native/setup/Library.ts": "Python, in a folder of its own",
  "tools/effect-check.ts": "copies a compiler into a folder of its own",
  "tools/moco/needsLibrary.ts": "the program's own package.json",
  "tools/mutation/Copy.ts": "in a copy of its own",
  "tools/mutation/main.ts": "in a copy of its own",
  "tools/mutation/tests.ts": "in a copy of its own",
  "tools/photographs/stampFolder.ts": "copies into a folder of its own",
  "tools/torture/fuzz/addonJpeg.ts":
    "gives what it has made up to a decoder of files, in a folder of its own",
  "tools/room.ts": "the program's own sources",
  "tools/start-time.ts": "in a folder of its own",
  "tools/torture/damage.ts": "damages runs of its own",
  "tools/torture/history.ts": "reads runs of its own"
}

const sourcesIn = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(?:ts|mjs)$/.test(name) && !/(?:^|\/)(?:test|node_modules|bench)\//.test(name))
    .map((name) => relative(root, join(root, folder, name)))

const sources = [
  ...readdirSync(join(root, "packages")).flatMap((name) => sourcesIn(`packages/${name}/src`)),
  ...sourcesIn("packages/native/setup"),
  ...sourcesIn("tools")
]

/** The lines of a source that read or write a file by something else than SafeFile. */
const accesses = (text: string): ReadonlyArray<string> => {
  // Own functions of such a name are no access by themselves.
  const own = new Set(Array.from(text.matchAll(/\bconst (\w+) = /g), ([, name]) => name))
  const imported = new Set(
    Array.from(text.matchAll(/import \{([^}]*)\} from "(?:@moco\/|\.)[^"]*"/g), ([, names]) =>
      names!.split(",")
    ).flatMap((names) => names.map((name) => name.trim()))
  )
  return Array.from(text.matchAll(calls)).flatMap((match) => {
    const name = match[0].slice(0, -1)
    const before = text.slice(Math.max(0, match.index - 40), match.index)
    const isBare = !/[.\w]$|\bnew $/.test(before)
    const isOurs = isBare && (own.has(name) || imported.has(name))
    if (!receivers.test(before) || isOurs || ofKernel.test(text.slice(match.index + match[0].length)))
      return []
    return [text.slice(match.index - 20, match.index + 40).replaceAll("\n", " ")]
  })
}

describe("what reads and writes files", () => {
  it("is SafeFile, and what has a reason that is written down here", () => {
    const found = sources.filter((file) => accesses(readFileSync(join(root, file), "utf8")).length > 0)
    for (const file of found) {
      const lines = accesses(readFileSync(join(root, file), "utf8"))
      assert.isDefined(allowed[file], `${file} goes past @moco/core/SafeFile: ${lines.join(" | ")}`)
    }
    assert.includeMembers(sources, Object.keys(allowed), "a file of the list is gone")
  })

  it("is known by its calls", () => {
    for (const line of [
      'yield* fileSystem.writeFileString(path, "")',
      "yield* fs.readFile(path)",
      'writeFileSync(file, "")',
      'const f = yield* fileSystem.open(path, { flag: "w" })',
      "new Database(path)",
      "await readFile(join(a, b))"
    ]) {
      assert.strictEqual(accesses(line).length, 1, line)
    }
    for (const line of [
      "yield* SafeFile.readText(path)",
      'fileSystem.readFileString("/proc/stat")',
      "RunFolder.writeFile(target, bytes)",
      "const readFile = mine\nyield* readFile(file)"
    ]) {
      assert.deepStrictEqual(accesses(line), [], line)
    }
  })
})

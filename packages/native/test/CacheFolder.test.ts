import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir, userInfo } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { onTestFinished } from "vitest"
import { makeCacheFolder, troubleOf } from "../src/CacheFolder.ts"
import { cacheDirOf } from "../src/cacheDir.ts"
import { shellQuoted } from "../src/shellQuoted.ts"

/** A cache as an earlier program left it: everybody may look, nobody else may write. */
const freshCache = () => {
  const parent = mkdtempSync(join(tmpdir(), "moco-cache-"))
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }))
  const cache = join(parent, "it's a cache")
  for (const folder of ["", "bindings", "moco-1.0/tensorflow", "data", "pytorch-1.0/bin"]) {
    mkdirSync(join(cache, folder), { recursive: true })
  }
  writeFileSync(join(cache, "bindings", "a.node"), "")
  writeFileSync(join(cache, "pytorch-1.0", "bin", "pip"), "")
  symlinkSync("/bin/sh", join(cache, "pytorch-1.0", "bin", "python"))
  return cache
}

const isRoot = process.geteuid?.() === 0

describe("the folder of the cache", () => {
  it("is made for its owner alone, whatever the umask", () => {
    const folder = join(freshCache(), "new")
    const before = process.umask(0)
    onTestFinished(() => void process.umask(before))
    makeCacheFolder(folder)
    assert.strictEqual(statSync(folder).mode & 0o777, 0o700)
    assert.isUndefined(troubleOf(folder))
  })

  it("is made with those above it, and refused where no folder can be made", () => {
    const deep = join(freshCache(), "a/b")
    makeCacheFolder(deep)
    makeCacheFolder(deep)
    assert.isTrue(statSync(deep).isDirectory())
    assert.throws(() => makeCacheFolder("/proc/moco/cache"), "ENOENT")
    writeFileSync(join(deep, "file"), "")
    assert.throws(() => makeCacheFolder(join(deep, "file")), "EEXIST")
  })

  it("is refused where it cannot be looked at, with what to do", () => {
    // A name that is too long is what root, too, cannot look at.
    const trouble = troubleOf(join(freshCache(), "n".repeat(300)))
    assert.include(trouble?.problem, "cannot be looked at: ENAMETOOLONG")
    assert.include(trouble?.hint, "MOCO_CACHE_DIR=DIR npx nx run tools:libtensorflow")
  })

  it("may be one that is not there, and one that others may look into", () => {
    const cache = freshCache()
    assert.isUndefined(troubleOf(join(cache, "nowhere")))
    assert.isUndefined(troubleOf(cache))
    assert.isUndefined(troubleOf(cache, (name) => name !== ""))
  })

  for (const [path, mode] of [
    ["", 0o777],
    ["", 0o775],
    ["bindings", 0o777],
    ["bindings", 0o1777],
    ["bindings/a.node", 0o666],
    ["moco-1.0/tensorflow", 0o775]
  ] as const) {
    it(`is refused where others may write to "${path}" (${mode.toString(8)})`, () => {
      const cache = freshCache()
      chmodSync(join(cache, path), mode)
      const trouble = troubleOf(cache)
      assert.include(trouble?.problem, join(cache, path))
      assert.include(trouble?.problem, `mode ${mode.toString(8).padStart(4, "0")}`)
      assert.include(trouble?.hint, `chmod -R go-w ${shellQuoted(cache)}`)
    })
  }

  it("is not looked into where nobody else can enter it, nor where nothing is run", () => {
    const cache = freshCache()
    chmodSync(join(cache, "data"), 0o777)
    chmodSync(join(cache, "pytorch-1.0", "bin"), 0o777)
    assert.isUndefined(troubleOf(cache))
    assert.include(troubleOf(cache, (name) => name.startsWith("pytorch"))?.problem, "pytorch-1.0/bin")
    chmodSync(cache, 0o700)
    assert.isUndefined(troubleOf(cache, (name) => name !== ""))
  })

  it.skipIf(!isRoot)("is refused where it, or what is in it, belongs to somebody else", () => {
    const cache = freshCache()
    chownSync(join(cache, "bindings", "a.node"), 1234, 1234)
    assert.include(troubleOf(cache)?.problem, "a.node belongs to user 1234, and you are user 0")
    chownSync(cache, 1234, 1234)
    assert.include(troubleOf(cache)?.problem, `${cache} belongs to user 1234`)
  })
})

describe("the place of the cache", () => {
  const withHome = (home: string | undefined) => {
    const before = process.env["HOME"]
    onTestFinished(() => {
      process.env["HOME"] = before
    })
    if (home === undefined) delete process.env["HOME"]
    else process.env["HOME"] = home
    return cacheDirOf("linux", {})
  }

  it("is always absolute: an empty, a relative or no HOME is the home that the system knows", () => {
    const known = `${userInfo().homedir}/.cache/moco-effect`
    for (const home of ["", "relative", ".", undefined])
      assert.strictEqual(withHome(home), known, String(home))
    assert.strictEqual(withHome("/h"), "/h/.cache/moco-effect")
  })

  it("is under the working folder only where MOCO_CACHE_DIR says so", () => {
    assert.strictEqual(cacheDirOf("linux", { MOCO_CACHE_DIR: "mine" }), join(process.cwd(), "mine"))
    assert.notInclude(cacheDirOf("linux", { XDG_CACHE_HOME: "mine" }), "mine")
  })
})

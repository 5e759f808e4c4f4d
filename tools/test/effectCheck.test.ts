import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"

const root = join(import.meta.dirname, "../..")

/** Checks a source as the house's own are checked; it lies where packages are found. */
const check = (source: string) => {
  mkdirSync(join(root, ".tsbuild"), { recursive: true })
  const folder = mkdtempSync(join(root, ".tsbuild", "checked-"))
  try {
    writeFileSync(join(folder, "source.ts"), source)
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ extends: "../../tsconfig.effect.json", include: ["source.ts"] })
    )
    const args = [join(root, "tools/effect-check.ts"), join(folder, "tsconfig.json")]
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: "utf8" })
    return { status, stdout }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe.runIf(existsSync(join(root, "node_modules/@effect/tsgo-linux-x64")))("effect-check", () => {
  it.each([
    ["an effect that nothing runs", "Effect.succeed(1)", "floatingEffect"],
    ["a yield without its star", "yield Effect.succeed(1)", "missingStarInYieldEffectGen"],
    ["an error without a tag", 'return yield* Effect.fail(new Error("x"))', "globalErrorInEffectFailure"]
  ])("finds %s", (_, line, rule) => {
    const { status, stdout } = check(
      `import { Effect } from "effect"\nexport const a = Effect.gen(function* () {\n  ${line}\n})\n`
    )
    assert.include(stdout, rule)
    assert.notStrictEqual(status, 0)
  })

  it("has nothing to say of an effect that is run", () => {
    const { status, stdout } = check(
      `import { Effect } from "effect"\nexport const a = Effect.gen(function* () {\n  return yield* Effect.succeed(1)\n})\n`
    )
    assert.deepStrictEqual({ status, stdout }, { status: 0, stdout: "" })
  })
})

import { EventEmitter } from "node:events"
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { isStartedByNohup } from "@moco/cli/noHangUp"
import { stopOnSignals } from "@moco/cli/stopOnSignals"
import type { Stopping } from "@moco/train/ExitCode"

const watched = (ignored: ReadonlyArray<Stopping> = []) => {
  const codes: Array<number> = []
  const told: Array<string> = []
  const emitter = new EventEmitter()
  const process = Object.assign(emitter, {
    exit: (code: number) => codes.push(code),
    stderr: { write: (text: string) => told.push(text) }
  })
  let time = 5000
  const { ask, onStop, signal: stoppedBy } = stopOnSignals(process, () => time, ignored)
  const signalAt = (signal: NodeJS.Signals, ms: number) => {
    time = 5000 + ms
    process.emit(signal)
  }
  return { ask, codes, onStop, signalAt, stoppedBy, told }
}

describe("a second signal", () => {
  it("within a second is taken for the first one again", () => {
    const { codes, signalAt, stoppedBy } = watched()
    assert.isUndefined(stoppedBy())
    signalAt("SIGINT", 0)
    signalAt("SIGINT", 3)
    signalAt("SIGTERM", 999)
    assert.deepStrictEqual(codes, [])
    assert.strictEqual(stoppedBy(), "SIGINT")
  })

  it("a second later stops the program at once, with the code of the first", () => {
    const { codes, signalAt, stoppedBy, told } = watched()
    signalAt("SIGTERM", 0)
    assert.deepStrictEqual(told, [])
    signalAt("SIGINT", 1000)
    assert.deepStrictEqual(codes, [143])
    assert.deepStrictEqual(told, ["stopped at once by a second signal: what was not saved yet is lost\n"])
    assert.strictEqual(stoppedBy(), "SIGTERM")
  })

  it("is not what a closed pipe or a lost parent makes, however late", () => {
    const { ask, codes, signalAt, stoppedBy } = watched()
    ask()
    assert.strictEqual(stoppedBy(), "SIGTERM")
    signalAt("SIGTERM", 10)
    ask()
    assert.deepStrictEqual(codes, [])
    const late = watched()
    late.signalAt("SIGINT", 0)
    late.signalAt("SIGINT", 999)
    late.ask()
    assert.deepStrictEqual(late.codes, [])
  })
})

describe("a first signal", () => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    it(`${signal} stops the program, once`, () => {
      const { codes, onStop, signalAt, stoppedBy } = watched()
      let numStops = 0
      onStop(() => numStops++)
      assert.strictEqual(numStops, 0)
      signalAt(signal, 0)
      signalAt("SIGTERM", 10)
      assert.strictEqual(numStops, 1)
      assert.strictEqual(stoppedBy(), signal)
      assert.deepStrictEqual(codes, [])
      // Whoever comes late hears of it too.
      onStop(() => numStops++)
      assert.strictEqual(numStops, 2)
    })
  }

  it("that the program was started to ignore does nothing, however often", () => {
    const { codes, signalAt, stoppedBy } = watched(["SIGHUP"])
    signalAt("SIGHUP", 0)
    signalAt("SIGHUP", 5000)
    assert.isUndefined(stoppedBy())
    signalAt("SIGTERM", 5001)
    assert.strictEqual(stoppedBy(), "SIGTERM")
    assert.deepStrictEqual(codes, [])
  })
})

describe("nohup", () => {
  // As the system tells of /dev/null that was opened by nohup, by a shell's `< /dev/null`, and of a terminal.
  for (const [flags, expected] of [
    ["02100001", true],
    ["0100000", false],
    ["0402002", false]
  ] as const) {
    it(`is${expected ? "" : " not"} seen by a standard input with flags ${flags}`, () => {
      const file = join(mkdtempSync(join(tmpdir(), "moco-nohup-")), "fdinfo")
      writeFileSync(file, `pos:\t0\nflags:\t${flags}\nmnt_id:\t24\n`)
      assert.strictEqual(isStartedByNohup(file), expected)
    })
  }

  it("is not seen where the system does not tell", () => {
    assert.isFalse(isStartedByNohup("/nowhere"))
  })
})

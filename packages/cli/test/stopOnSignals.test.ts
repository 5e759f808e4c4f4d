import { EventEmitter } from "node:events"
import { assert, describe, it } from "@effect/vitest"
import { stopOnSignals } from "@moco/cli/stopOnSignals"

const watched = () => {
  const codes: Array<number> = []
  const told: Array<string> = []
  const emitter = new EventEmitter()
  const process = Object.assign(emitter, {
    exit: (code: number) => codes.push(code),
    stderr: { write: (text: string) => told.push(text) }
  })
  let time = 5000
  const { ask, signal: stoppedBy } = stopOnSignals(process, () => time)
  const signalAt = (signal: NodeJS.Signals, ms: number) => {
    time = 5000 + ms
    process.emit(signal)
  }
  return { ask, codes, signalAt, stoppedBy }
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
    const { codes, signalAt, stoppedBy } = watched()
    signalAt("SIGTERM", 0)
    signalAt("SIGINT", 1000)
    assert.deepStrictEqual(codes, [143])
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

import { EventEmitter } from "node:events"
import { assert, describe, it } from "@effect/vitest"
import { stopOnSignals } from "@moco/cli/stopOnSignals"

const watched = () => {
  const codes: Array<number> = []
  const process = Object.assign(new EventEmitter(), { exit: (code: number) => codes.push(code) })
  let time = 5000
  const stoppedBy = stopOnSignals(process, () => time)
  const signalAt = (signal: NodeJS.Signals, ms: number) => {
    time = 5000 + ms
    process.emit(signal)
  }
  return { codes, signalAt, stoppedBy }
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
})

import { PickleFault, shown, type Value } from "./values.ts"

/** What a pickle is played back on: values, how far back a tuple or list reaches, and what was kept to be named again. */
export class Machine {
  readonly stack: Array<Value> = []
  readonly marks: Array<number> = []
  readonly memo = new Map<number, Value>()

  push(value: Value): void {
    this.stack.push(value)
  }

  /** The last value, which stays. */
  top(): Value {
    const value = this.stack.length > this.floor() ? this.stack.at(-1) : undefined
    if (value === undefined) throw new PickleFault("nothing", "must be a value")
    return value
  }

  pop(): Value {
    const value = this.top()
    this.stack.pop()
    return value
  }

  /** The last values, in their order. */
  take(count: number): Array<Value> {
    if (this.stack.length - this.floor() < count) throw new PickleFault("too few values", `must be ${count}`)
    return this.stack.splice(this.stack.length - count)
  }

  mark(): void {
    this.marks.push(this.stack.length)
  }

  /** The values since the last mark. */
  takeToMark(): Array<Value> {
    const mark = this.marks.pop()
    if (mark === undefined) throw new PickleFault("no mark", "must be a mark before the values")
    return this.stack.splice(mark)
  }

  /** Keeps the last value under a number. */
  put(key: number): void {
    this.memo.set(key, this.top())
  }

  get(key: number): void {
    const value = this.memo.get(key)
    if (value === undefined) throw new PickleFault(String(key), "must be the number of a value that was kept")
    this.push(value)
  }

  list(): Array<Value> {
    const value = this.top()
    if (typeof value !== "object" || value?.kind !== "list")
      throw new PickleFault(shown(value), "must be a list")
    return value.items
  }

  dict(): Map<string, Value> {
    const value = this.top()
    if (typeof value !== "object" || value?.kind !== "dict") {
      throw new PickleFault(shown(value), "must be a dictionary")
    }
    return value.entries
  }

  private floor(): number {
    return this.marks.at(-1) ?? 0
  }
}

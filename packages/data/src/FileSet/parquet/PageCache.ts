import type { Value } from "./values.ts"

/** Values of a page, and the bytes that they hold on to. */
interface Held {
  readonly values: ReadonlyArray<Value>
  readonly numBytes: number
}

/** The pages that were used last, so many of them as may be held; one is always, however large it is. */
export class PageCache {
  private readonly held = new Map<string, Held>()
  private readonly maxBytes: number
  private numBytes = 0

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  get(key: string): ReadonlyArray<Value> | undefined {
    const found = this.held.get(key)
    if (found === undefined) return undefined
    // A Map is in the order in which it was filled.
    this.held.delete(key)
    this.held.set(key, found)
    return found.values
  }

  put(key: string, values: ReadonlyArray<Value>, numBytes: number): void {
    this.held.set(key, { values, numBytes })
    this.numBytes += numBytes
    for (const [oldest, page] of this.held) {
      if (this.numBytes <= this.maxBytes || oldest === key) break
      this.held.delete(oldest)
      this.numBytes -= page.numBytes
    }
  }
}

import { Worker } from "node:worker_threads"
import type { Decoders, Waiting } from "./Decoders.ts"
import { type Answer, type Request, run } from "./worker.ts"

/** A thread, and what it has been given: the first one is what it is at. */
interface Given {
  readonly worker: Worker
  readonly jobs: Map<number, Waiting>
}

/** Threads of Node, started when there is work for them. Each has a row of files of its own and decodes one at a time. */
export class Workers implements Decoders {
  private readonly given = new Set<Given>()
  private readonly count: number
  private numAsked = 0

  constructor(count: number) {
    this.count = count
  }

  ask(waiting: Waiting): void {
    const to = this.leastBusy()
    if (to === undefined) {
      decodeHere(waiting)
      return
    }
    const ticket = this.numAsked++
    // The process stays while somebody waits, and not for a thread that has nothing to do.
    if (to.jobs.size === 0) to.worker.ref()
    to.jobs.set(ticket, waiting)
    to.worker.postMessage({ ticket, job: waiting.job } satisfies Request)
  }

  forget(waiting: Waiting): void {
    for (const to of this.given) {
      for (const [ticket, other] of to.jobs) {
        if (other !== waiting) continue
        this.answered(to, ticket)
        to.worker.postMessage({ ticket } satisfies Request)
        return
      }
    }
  }

  async end(): Promise<void> {
    const all = [...this.given]
    this.given.clear()
    for (const { jobs } of all) jobs.clear()
    await Promise.all(all.map(({ worker }) => worker.terminate()))
  }

  /** The thread that has the least to do, or a new one; nothing where there is none and none can be started. */
  private leastBusy(): Given | undefined {
    const [least] = [...this.given].toSorted((a, b) => a.jobs.size - b.jobs.size)
    if (least?.jobs.size === 0 || this.given.size >= this.count) return least
    return this.started() ?? least
  }

  private started(): Given | undefined {
    try {
      const to: Given = { worker: new Worker(new URL("./worker.ts", import.meta.url)), jobs: new Map() }
      to.worker.on("message", ({ outcome, ticket }: Answer) => this.answered(to, ticket)?.done(outcome))
      to.worker.on("error", () => this.lost(to))
      this.given.add(to)
      return to
    } catch {
      return undefined
    }
  }

  private answered({ jobs, worker }: Given, ticket: number): Waiting | undefined {
    const waiting = jobs.get(ticket)
    jobs.delete(ticket)
    if (jobs.size === 0) worker.unref()
    return waiting
  }

  /** A thread that could not start, or has ended: what it had been given is no worse for it. */
  private lost(to: Given): void {
    this.given.delete(to)
    const [first, ...others] = to.jobs.values()
    to.jobs.clear()
    // Another thread might end by the same file.
    if (first !== undefined) decodeHere(first)
    for (const waiting of others) this.ask(waiting)
  }
}

const decodeHere = ({ done, job }: Waiting): void => void run(job).then(done)

import { duration } from "../../duration.ts"
import { type Markup, markup } from "../../markup.ts"
import type { RunState } from "../../runs/state.ts"
import { inShort, type Status } from "../Progress/line.ts"

/** What stands at the top of a run's page. */
interface RunStatus {
  /** What the browser's tab is called. */
  readonly name: string
  readonly state: RunState | "waiting"
  /** Why it is said to be in it. */
  readonly reason: string | null
  readonly status: Status | undefined
  /** When something was last written down, milliseconds. */
  readonly heardAt: number | undefined
}

/** How far a run is: its state, step, epoch, time left, newest numbers, and when it was last heard. */
export const runStatus = ({ heardAt, name, reason, state, status }: RunStatus): Markup => {
  const part = status === undefined ? "" : `${Math.floor((100 * status.done) / status.numSteps)} % `
  return markup`<div class="status ${state}" data-title="${part}${state}: ${name}">
<p class="state"><strong>${state}</strong>${reason === null ? "" : `: ${reason}`}</p>
${status === undefined ? undefined : bar(status)}
<dl>${[...(status === undefined ? [] : numbers(status, state === "running")), ...heard(heardAt)].map(
    ([label, value]) => markup`<div><dt>${label}</dt><dd>${value}</dd></div>`
  )}</dl>
</div>`
}

/** A bar that is full at the end. */
export const bar = ({ done, numSteps }: Pick<Status, "done" | "numSteps">, label = "steps taken"): Markup =>
  markup`<progress max="${numSteps}" value="${done}" aria-label="${label}">${done} of ${numSteps}</progress>`

const numbers = (
  status: Status,
  isRunning: boolean
): ReadonlyArray<readonly [label: string, value: string]> => {
  const { done, epoch, metrics, numEpochs, numSteps, secondsPerStep } = status
  const speed = metrics["imagesPerSecond"]
  return [
    ["epoch", `${epoch} of ${numEpochs}`],
    ["step", `${whole(done)} of ${whole(numSteps)}`],
    // Of training; evaluations come on top.
    ...(isRunning ? [["time left", duration((numSteps - done) * secondsPerStep)] as const] : []),
    ...(metrics["loss"] === undefined ? [] : [["now", inShort(metrics).join(", ")] as const]),
    ...(speed === undefined ? [] : [["speed", `${Math.round(speed)} images/s`] as const])
  ]
}

const whole = (value: number): string => value.toLocaleString("en-US")

const heard = (at: number | undefined): ReadonlyArray<readonly [label: string, value: Markup]> =>
  at === undefined ? [] : [["last heard", since(at)]]

/** A time; the page writes how long ago it was. */
export const since = (at: number): Markup => {
  const iso = new Date(at).toISOString()
  return markup`<time datetime="${iso}" data-since="${String(at)}">${iso.slice(0, 19).replace("T", " ")} UTC</time>`
}

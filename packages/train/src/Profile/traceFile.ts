import type { Operation } from "@moco/core/OpTrace"
import { Schema } from "effect"
import { stepSpan } from "../PretrainStep.ts"
import type { Profile } from "../Profile.ts"
import type { EndedSpan } from "../Spans.ts"

const place = { pid: Schema.Int, tid: Schema.Int }
const NonNegative = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))

/** Something with a beginning and a length, both in microseconds; events of a thread nest by their times. */
const Complete = Schema.Struct({
  ph: Schema.Literal("X"),
  name: Schema.String,
  cat: Schema.Literals(["step", "stage", "operation"]),
  ts: NonNegative,
  dur: NonNegative,
  ...place,
  args: Schema.Struct({
    /** Of a step: its number, counted from 0. */
    step: Schema.optionalKey(Schema.Int),
    /** Of an operation: the shape of every input, e.g. `128x32x32x64`. */
    inputs: Schema.optionalKey(Schema.Array(Schema.String))
  })
})

/** What a viewer calls the process and the thread. */
const Named = Schema.Struct({
  ph: Schema.Literal("M"),
  name: Schema.Literals(["process_name", "thread_name"]),
  ...place,
  args: Schema.Struct({ name: Schema.String })
})

/** Chrome's trace-event format, as chrome://tracing and ui.perfetto.dev read it: the part that a profile needs. */
export const TraceFile = Schema.Struct({
  displayTimeUnit: Schema.Literal("ms"),
  traceEvents: Schema.Array(Schema.Union([Complete, Named]))
})
export type TraceFile = typeof TraceFile.Type

const encode = Schema.encodeSync(Schema.fromJsonString(TraceFile))

/** All happens on one thread: the operations of a step are called one after the other. */
const where = { pid: 1, tid: 1 }

/** A profile as the text of a trace file. Times count from the beginning of the first step. */
export const traceText = ({ operations, spans }: Profile): string => {
  const origin = spans.reduce<bigint | undefined>(
    (first, { start }) => (first === undefined || start < first ? start : first),
    undefined
  )
  const timesOf = (event: Pick<EndedSpan, "start" | "end">) => ({
    ts: microseconds(event.start - (origin ?? 0n)),
    dur: microseconds(event.end - event.start),
    ...where
  })
  const ofSpan = (span: EndedSpan) => {
    const step = span.attributes.get("step")
    const args = Schema.is(Schema.Int)(step) ? { step } : {}
    const cat = span.name === stepSpan ? "step" : "stage"
    return { ph: "X", name: span.name, cat, ...timesOf(span), args } as const
  }
  const ofOperation = (operation: Operation) => {
    const args = { inputs: operation.inputs.map(shapeText) }
    return { ph: "X", name: operation.name, cat: "operation", ...timesOf(operation), args } as const
  }
  return encode({
    displayTimeUnit: "ms",
    traceEvents: [
      { ph: "M", name: "process_name", ...where, args: { name: "moco-effect" } },
      { ph: "M", name: "thread_name", ...where, args: { name: "training steps" } },
      ...spans.map(ofSpan),
      ...operations.map(ofOperation)
    ]
  })
}

const microseconds = (nanoseconds: bigint): number => Number(nanoseconds) / 1000

const shapeText = (shape: ReadonlyArray<number>): string => (shape.length === 0 ? "scalar" : shape.join("x"))

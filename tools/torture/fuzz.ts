import { getHeapStatistics } from "node:v8"
import { Cause, Effect, Exit, Predicate } from "effect"
import type { Limits, Parser } from "./fuzz/Parser.ts"
import { parsers } from "./fuzz/parsers.ts"
import { randomOf } from "./random.ts"
import type { Effort, Verdict } from "./Section.ts"

/**
 * Milliseconds of the processor's after which a parse counts as hanging, and bytes that it may take, beside some per byte of
 * its input, where a parser has no limits of its own; the deepest YAML that is read at all takes 200 ms.
 */
const usualLimits: Limits = { ms: 500, bytes: 2 ** 22, bytesPerByte: 100, share: 1 }

/** Letters of a message, above which it is a dump of the file. */
const maxMessage = 2 ** 16

/**
 * Every parser takes hostile bytes: it accepts them, or refuses them by an error of its own, never by a defect, soon and
 * in little memory.
 */
export const fuzz = Effect.fn("torture.fuzz")(function* ({
  inputs,
  once,
  only,
  report,
  seed,
  short
}: Effort) {
  const most = inputs ?? (short ? 2_000 : 1_000_000)
  const problems: Array<string> = []
  const counts: Record<string, number> = {}
  for (const [i, parser] of parsers.entries()) {
    if (only !== undefined && !only.includes(parser.name)) continue
    const numInputs = Math.ceil(most * (parser.limits?.share ?? 1))
    const found = yield* once(
      `fuzz ${parser.name}`,
      feed(parser, numInputs, (n) => randomOf(seed, 1000 + i, n))
    )
    counts[`${parser.name}Accepted`] = found.accepted
    problems.push(...found.problems)
    yield* report(
      `fuzz: ${parser.name}, ${numInputs} inputs, ${found.accepted} accepted, ${found.problems.length} problems`
    )
  }
  const verdict: Verdict = {
    ok: problems.length === 0,
    counts: { inputsPerParser: most, ...counts, problems: problems.slice(0, 10) }
  }
  return verdict
})

/** Gives a parser its inputs; which one is a function of its number. */
const feed = Effect.fnUntraced(function* (
  parser: Parser,
  numInputs: number,
  randomFor: (n: number) => ReturnType<typeof randomOf>
) {
  const { inputs, mutate, name } = parser
  const problems: Array<string> = []
  let accepted = 0
  for (let n = 0; n < numInputs; n++) {
    const random = randomFor(n)
    // As they are first.
    const input = inputs[n] ?? mutate(random, inputs[random.below(inputs.length)]!)
    const outcome = yield* outcomeOf(parser, input)
    if (outcome === "accepted") accepted++
    else if (outcome !== "refused") problems.push(`${name}, input ${n}: ${outcome}`)
    // Lets signals in.
    if (n % 1000 === 0) yield* Effect.yieldNow
  }
  return { accepted, problems }
})

/** Whether an input is accepted or refused, or what is wrong with how it was taken. */
const outcomeOf = Effect.fnUntraced(function* (parser: Parser, input: Uint8Array) {
  const { exit, isCostly } = yield* measured(parser, input)
  // Once may be the garbage collector's or another process's doing, thrice is not.
  if (isCostly && (yield* measured(parser, input)).isCostly && (yield* measured(parser, input)).isCostly) {
    return `slow or large, of ${input.length} bytes`
  }
  if (Exit.isSuccess(exit)) return "accepted"
  const error = Cause.squash(exit.cause)
  const words = wordsOf(error)
  if (exit.cause.reasons.some(({ _tag }) => _tag !== "Fail") || !isOwn(error)) {
    return `${error instanceof Error ? error.name : typeof error}: ${words.slice(0, 200)}`
  }
  return words.length > maxMessage ? `a message of ${words.length} letters` : "refused"
})

/** Parses, up to the words of a refusal; tells whether it took long or much. */
const measured = Effect.fnUntraced(function* ({ limits = usualLimits, parse }: Parser, input: Uint8Array) {
  const before = heapBytes()
  const start = process.cpuUsage()
  const exit = yield* Effect.exit(parse(input))
  if (Exit.isFailure(exit)) wordsOf(Cause.squash(exit.cause))
  // The processor's time and not the clock's: other work on the machine makes no parser slow.
  const { system, user } = process.cpuUsage(start)
  const ms = (system + user) / 1000
  const bytes = heapBytes() - before
  return { exit, isCostly: ms > limits.ms || bytes > limits.bytes + limits.bytesPerByte * input.length }
})

/** Much faster than process.memoryUsage, which asks the system too. */
const heapBytes = (): number => {
  const { external_memory, used_heap_size } = getHeapStatistics()
  return used_heap_size + external_memory
}

/** An error with a tag, or plain words: not one of the engine's that has slipped through. */
const isOwn = (error: unknown): boolean => typeof error === "string" || Predicate.hasProperty(error, "_tag")

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

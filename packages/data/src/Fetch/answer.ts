import { lasting, passing, type Setback, said } from "./Setback.ts"

/** What an answer says of itself, before its body. */
export interface Head {
  readonly status: number
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>
}

/** What was asked for. */
export interface Asked {
  /** Bytes that are there already; 0 where the whole file was asked for. */
  readonly start: number
  /** Of the whole file, as it is published. */
  readonly numBytes: number
  /** Of the file that those bytes are of. */
  readonly etag?: string | undefined
}

/** What an answer is good for: its body begins at `start`, or nothing, and why; `anew` asks for the whole file. */
export type Answer =
  | { readonly kind: "body"; readonly start: number }
  | { readonly kind: "anew"; readonly problem: string }
  | { readonly kind: "setback"; readonly setback: Setback }

/** Statuses below 500 that are over in a moment: too slow, too early, too many requests. */
const passingStatuses = [408, 425, 429]

/**
 * Judges an answer by its head. A part is taken only if it is the one that was asked for, to the end of a file of the
 * published size; a server that gives the whole file instead is taken at its word.
 */
export const judge = (head: Head, asked: Asked): Answer => {
  switch (head.status) {
    case 200:
      return judgeWhole(head, asked)
    case 206:
      return asked.start === 0
        ? setback(lasting("a part was sent, and the whole was asked for"))
        : judgePart(head, asked)
    case 416:
      return asked.start === 0
        ? setback(lasting("the server says that the file has no such part (416)"))
        : { kind: "anew", problem: "the server has no such part of it (416)" }
    default:
      return setback(refusal(head.status))
  }
}

const setback = (found: Setback): Answer => ({ kind: "setback", setback: found })

const judgeWhole = ({ headers }: Head, { numBytes }: Asked): Answer => {
  const length = headers["content-length"]
  if (length === undefined || (/^\d+$/.test(length) && Number(length) === numBytes))
    return { kind: "body", start: 0 }
  return setback(
    lasting(`the server announces ${said(length)} bytes, and the published file has ${numBytes}`)
  )
}

const judgePart = ({ headers }: Head, { etag, numBytes, start }: Asked): Answer => {
  const range = headers["content-range"]
  const wanted = `bytes ${start}-${numBytes - 1}/`
  if (range !== `${wanted}${numBytes}` && range !== `${wanted}*`) {
    const sent = range === undefined ? "without saying which" : `of ${said(range)}`
    return { kind: "anew", problem: `the server has sent a part ${sent}, and not ${wanted}${numBytes}` }
  }
  if (etag !== undefined && headers["etag"] !== undefined && headers["etag"] !== etag) {
    return { kind: "anew", problem: "the file at the server has changed" }
  }
  return { kind: "body", start }
}

const meanings: Readonly<Record<number, string>> = {
  401: "it asks for a password",
  403: "it gives it to nobody, or not to this machine",
  404: "there is no such file",
  408: "the request took too long",
  410: "the file is gone",
  429: "too many requests",
  500: "an error of its own",
  502: "a server behind it does not work",
  503: "it is overloaded, or being worked at",
  504: "a server behind it does not answer"
}

const refusal = (status: number): Setback => {
  const meaning = meanings[status]
  const problem = `the server answers ${status}${meaning === undefined ? "" : `: ${meaning}`}`
  return status >= 500 || passingStatuses.includes(status) ? passing(problem) : lasting(problem)
}

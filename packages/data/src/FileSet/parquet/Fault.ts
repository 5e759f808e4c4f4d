import { Result } from "effect"

/** What is wrong with a Parquet file. */
export class ParquetFault extends Error {
  readonly value: string

  /** @param value  what was found;  @param problem  what it must be */
  constructor(value: string, problem: string) {
    super(problem)
    this.value = value
  }
}

/** It is a table of something else. */
export class NoImageColumn extends ParquetFault {}

/**
 * Runs what reads bytes of a Parquet file. The library throws the engine's own errors where it reads over an end; they are
 * what is wrong with the file as well.
 */
export const attempt = <A>(what: string, read: () => A): Result.Result<A, ParquetFault> => {
  try {
    return Result.succeed(read())
  } catch (cause) {
    if (cause instanceof ParquetFault) return Result.fail(cause)
    // The library's own words; the engine's are of its insides.
    const isOwn = cause instanceof Error && cause.constructor === Error
    const words = isOwn ? cause.message.slice(0, 200) : "bytes that mean nothing"
    return Result.fail(new ParquetFault(words, `must be ${what} that can be read`))
  }
}

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

/**
 * Runs what reads bytes of a Parquet file. The library throws the engine's own errors where it reads over an end; they are
 * what is wrong with the file as well.
 */
export const attempt = <A>(what: string, read: () => A): Result.Result<A, ParquetFault> => {
  try {
    return Result.succeed(read())
  } catch (cause) {
    if (cause instanceof ParquetFault) return Result.fail(cause)
    const words = cause instanceof Error ? cause.message : String(cause)
    return Result.fail(new ParquetFault(words.slice(0, 200), `must be ${what} that can be read`))
  }
}

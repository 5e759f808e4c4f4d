import { applyOverrides } from "@moco/train/RunConfig"
import { maxKiB, readStructuredFile } from "@moco/train/readStructuredFile"
import { fashionMnistQuick } from "@moco/train/recipes/fashionMnistQuick"
import { ByteSize, Effect, FileSystem } from "effect"
import * as Yaml from "effect/encoding/Yaml"

/** Reads `bytes` wherever a file is opened. */
export const inMemory = <A, E, R>(bytes: Uint8Array, use: Effect.Effect<A, E, R>) => {
  const stat = { size: ByteSize.bytes(bytes.length), type: "File" } as FileSystem.File.Info
  const files = FileSystem.makeNoop({
    stat: () => Effect.succeed(stat),
    exists: () => Effect.succeed(true),
    readDirectory: () => Effect.succeed([]),
    open: () => Effect.succeed(openFile(bytes, stat))
  })
  return Effect.provideService(use, FileSystem.FileSystem, files)
}

/** A file that holds `bytes`, to be read alone. */
const openFile = (bytes: Uint8Array, stat: FileSystem.File.Info) =>
  ({
    stat: Effect.succeed(stat),
    read: (buffer: Uint8Array, options?: FileSystem.File.ReadOptions) =>
      Effect.sync(() => {
        const start = Number(options?.position ?? 0n)
        const part = bytes.subarray(start, start + buffer.length)
        buffer.set(part)
        return part.length
      })
  }) as Partial<FileSystem.File> as FileSystem.File

/** Reads a config as the program does, from the file to a config that a run can be started with. */
export const readConfig = Effect.fnUntraced(function* (name: string, bytes: Uint8Array) {
  const layer = yield* Effect.mapError(inMemory(bytes, readStructuredFile("config", name)), (error) => {
    const thrown = thrownBy(name, bytes)
    return thrown?.message === error.reason ? thrown : error
  })
  return yield* applyOverrides(base, [layer], {})
})

const base = fashionMnistQuick()

/** What a parser throws beside the error of its own: a slip of its, and nobody's words for what is wrong with a file. */
const thrownBy = (name: string, bytes: Uint8Array): Error | undefined => {
  // Refused unread: to read it here would be this tool's own cost, and count as the parser's.
  if (bytes.length > 1024 * (name.endsWith(".json") ? maxKiB.JSON : maxKiB.YAML)) return undefined
  const text = new TextDecoder().decode(bytes)
  try {
    name.endsWith(".json") ? JSON.parse(text) : Yaml.parse(text)
  } catch (cause) {
    // Thrown for an escape that is no character, in words that say so.
    const isWords = cause instanceof SyntaxError || String(cause).includes("Invalid code point")
    if (cause instanceof Error && !isWords) return cause
  }
  return undefined
}

import * as SafeFile from "@moco/core/SafeFile"
import * as FolderLock from "@moco/train/FolderLock"
import { fileTrouble, newerFormat } from "@moco/train/fileTrouble"
import { openLines, readLines } from "@moco/train/jsonLines"
import { isSection } from "@moco/train/RunConfig/overrides"
import { renamed } from "@moco/train/RunConfig/renamed"
import { writeFile } from "@moco/train/RunFolder"
import { schemaTrouble } from "@moco/train/schemaTrouble"
import { Context, Effect, FileSystem, Layer, Path, Schema } from "effect"
import type { PlatformError } from "effect/PlatformError"
import type { Axis } from "./definition.ts"
import { canonical } from "./identity.ts"
import { type Study, StudyDefinition } from "./Study.ts"
import { upgradeTrial } from "./StudyRecord/format1.ts"
import { openIndex } from "./TrialIndex.ts"
import { formatVersion, TrialRecord } from "./TrialRecord.ts"

/** The folder holds another study. */
export class StudyFolderOccupied extends Schema.TaggedError<StudyFolderOccupied>()("StudyFolderOccupied", {
  path: Schema.String,
  differs: Schema.Array(Schema.String)
}) {
  override get message() {
    const lines = this.differs.map((difference) => `  ${difference}`)
    return [
      `${this.path} holds another study:`,
      ...lines,
      "  choose another folder with --out; runs that are the same are taken over with --reuse"
    ].join("\n")
  }
}

/** A file of the study cannot be written or read; `reason` and `hint` are in plain words. */
export class StudyRecordError extends Schema.TaggedError<StudyRecordError>()("StudyRecordError", {
  operation: Schema.Literals(["written", "read"]),
  path: Schema.String,
  reason: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `${this.path} cannot be ${this.operation}: ${this.reason}\n  ${this.hint}`
  }
}

/** What says which study a folder holds cannot be understood. */
export class StudyDefinitionDamaged extends Schema.TaggedError<StudyDefinitionDamaged>()(
  "StudyDefinitionDamaged",
  { path: Schema.String, problem: Schema.String }
) {
  override get message() {
    return `${this.path} is damaged: ${this.problem}\n  delete it; the runs in trials.jsonl beside it are kept`
  }
}

/** A whole line of the record is not a trial; `line` counts from 1. */
export class StudyRecordCorrupt extends Schema.TaggedError<StudyRecordCorrupt>()("StudyRecordCorrupt", {
  path: Schema.String,
  line: Schema.Int,
  problem: Schema.String
}) {
  override get message() {
    return `${this.path}, line ${this.line}: ${this.problem}\n  remove the line (its run is then repeated), or take a fresh copy of the file`
  }
}

/** What a study has found so far, kept on disk. */
export class StudyRecord extends Context.Service<
  StudyRecord,
  {
    /** Adds the result of a trial; it is on disk when this returns. */
    readonly append: (record: TrialRecord) => Effect.Effect<void, StudyRecordError>
    /** The newest result of every trial, in the order in which the trials first ended. */
    readonly all: Effect.Effect<ReadonlyArray<TrialRecord>>
  }
>()("@moco/study/StudyRecord") {
  /**
   * The record in `folder`: `study.json` says which study it is, `trials.jsonl` has one line for every trial that has
   * ended and is the truth, `trials.sqlite` is an index of it that is made anew at every start.
   *
   * Only one process at a time may have a folder open. More or fewer seeds are the same study.
   */
  static readonly layerFolder = (folder: string, study: Study) =>
    Layer.effect(
      StudyRecord,
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const path = yield* Path.Path
        const file = (name: string) => path.join(folder, name)
        const writing = (path: string) =>
          Effect.mapError((error: PlatformError) => failed("written", path, error))
        yield* writing(folder)(SafeFile.makeFolders(folder))
        const lock = yield* FolderLock.hold(file("study.lock"))
        const ours = Effect.provideService(FileSystem.FileSystem, lock.fence(fileSystem))
        yield* checkDefinition(file("study.json"), study.definition)
        const trials = file("trials.jsonl")
        const newest = new Map<string, TrialRecord>()
        const lines = yield* writing(trials)(ours(openLines(trials)))
        for (const record of yield* readTrials(trials)) newest.set(record.trial, record)
        const index = yield* ours(openIndex(file("trials.sqlite"), [...newest.values()]))
        return StudyRecord.of({
          append: Effect.fnUntraced(function* (record) {
            yield* writing(trials)(Effect.andThen(lines.append(encodeTrial(record)), lines.sync))
            newest.set(record.trial, record)
            yield* index.put(record)
          }, Effect.uninterruptible),
          all: Effect.sync(() => [...newest.values()])
        })
      })
    )
}

const decodeFile = Schema.decodeUnknownEffect(Schema.fromJsonString(StudyDefinition), { reportInput: true })
const TrialJson = Schema.toCodecJson(TrialRecord)
const parse = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.Unknown), { reportInput: true })
const decodeTrialJson = Schema.decodeUnknownEffect(TrialJson, { reportInput: true })

/** A trial as a line of the record, without its end. */
export const encodeTrial = Schema.encodeSync(Schema.fromJsonString(TrialJson))

/** A trial from its line; fails with what is wrong with it, in words, or with why it is not read. */
const decodeTrial = Effect.fnUntraced(function* (line: string) {
  const json = yield* Effect.mapError(parse(line), schemaTrouble)
  const format = isSection(json) ? json["format"] : undefined
  if (typeof format === "number" && format > formatVersion) {
    return yield* Effect.fail(newerFormat(format, formatVersion))
  }
  return yield* Effect.mapError(decodeTrialJson(upgradeTrial(json)), schemaTrouble)
})

const failed = (operation: "written" | "read", path: string, error: PlatformError) =>
  new StudyRecordError({ operation, path, ...fileTrouble(error) })

/** The lines of a record, oldest first, those of format 1 as they would be written today; a trial that was repeated has several. */
export const readTrials = Effect.fn("StudyRecord.readTrials")(function* (path: string) {
  const lines = yield* Effect.mapError(readLines(path), (error) => failed("read", path, error))
  return yield* Effect.forEach(lines, (line, i) =>
    Effect.mapError(decodeTrial(line), (refused) => {
      if (typeof refused === "string") return new StudyRecordCorrupt({ path, line: i + 1, problem: refused })
      const { hint, reason } = refused
      return new StudyRecordError({ operation: "read", path, reason: `line ${i + 1}: ${reason}`, hint })
    })
  )
})

/** Bytes of a definition that are read at most. */
const maxDefinitionBytes = 2 ** 24

/** Which study a folder holds, as its `study.json` at `path` says, with the names that settings have today. */
export const readDefinition = Effect.fn("StudyRecord.readDefinition")(function* (path: string) {
  const text = yield* Effect.mapError(SafeFile.readText(path, { maxBytes: maxDefinitionBytes }), (error) =>
    failed("read", path, error)
  )
  const found = yield* Effect.mapError(
    decodeFile(text),
    (error) => new StudyDefinitionDamaged({ path, problem: schemaTrouble(error) })
  )
  return withNewPaths(found)
})

/** Writes the definition down, or compares it with the one that is there. */
const checkDefinition = Effect.fnUntraced(function* (path: string, definition: StudyDefinition) {
  const fileSystem = yield* FileSystem.FileSystem
  const reading = Effect.mapError((error: PlatformError) => failed("read", path, error))
  if (yield* reading(fileSystem.exists(path))) {
    const differs = differences(yield* readDefinition(path), definition)
    if (differs.length > 0) return yield* new StudyFolderOccupied({ path, differs })
  }
  const text = `${JSON.stringify(Schema.encodeSync(StudyDefinition)(definition), null, 2)}\n`
  yield* writeFile(path, new TextEncoder().encode(text))
})

/** What decides which runs a study consists of; seeds only say how often, and charts and claims how it is read. */
const identity = ["name", "recipe", "set", "axes", "cells"] as const

/** A definition from before, with the names that settings have today. */
const withNewPaths = ({ axes, cells, set, ...rest }: StudyDefinition): StudyDefinition => ({
  ...rest,
  ...(set === undefined ? {} : { set: pathsToday(set) }),
  ...(axes === undefined ? {} : { axes: axes.map(axisToday) }),
  ...(cells === undefined ? {} : { cells: cells.map((cell) => ({ ...cell, set: pathsToday(cell.set) })) })
})

const axisToday = ({ points, setting, ...rest }: Axis): Axis => ({
  ...rest,
  ...(setting === undefined ? {} : { setting: pathToday(setting) }),
  ...(points === undefined
    ? {}
    : { points: points.map((point) => ({ ...point, set: pathsToday(point.set) })) })
})

const pathToday = (path: string): string => (Object.hasOwn(renamed, path) ? renamed[path]! : path)

const pathsToday = (set: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(set).map(([path, value]) => [pathToday(path), value]))

const differences = (found: StudyDefinition, wanted: StudyDefinition): ReadonlyArray<string> =>
  identity.flatMap((key) => {
    const [before, now] = [canonical(found[key]), canonical(wanted[key])]
    return before === now ? [] : [`${key} is ${before} there and ${now} here`]
  })

import { Measurement } from "@moco/evaluation/Measurement"
import { Schema } from "effect"

/** Any number: one that is not finite must reach the log, it is what one looks for there. */
const Measure = Schema.Number

const step = {
  event: Schema.Literal("step"),
  /** Counted from 0 over the whole run. */
  step: Schema.Natural,
  /** Counted from 0. */
  epoch: Schema.Natural,
  numSteps: Schema.Natural,
  numEpochs: Schema.Natural,
  /** By the keys of `stepMetrics.ts`, where each is described. */
  metrics: Schema.Record(Schema.String, Measure),
  /** State of the loss after the step, where it has one: with NCE its normalizer's logarithm. */
  lossState: Schema.optionalKey(Schema.Record(Schema.String, Measure)),
  stepMs: Measure
}

const evaluation = {
  event: Schema.Literal("evaluation"),
  /** Steps that what is measured was trained for: 0 for the baselines, whenever they are evaluated. */
  step: Schema.Natural,
  epoch: Schema.Natural,
  /** Of one evaluation and one subject. */
  measurements: Schema.Array(Measurement),
  seconds: Measure
}

const finished = {
  event: Schema.Literal("finished"),
  /** Steps that were taken. */
  step: Schema.Natural,
  epoch: Schema.Natural,
  outcome: Schema.Literals(["completed", "interrupted"]),
  trainingSeconds: Measure,
  evaluationSeconds: Measure
}

const resumed = {
  event: Schema.Literal("resumed"),
  /** Steps that the checkpoint had taken. */
  step: Schema.Natural
}

const Change = Schema.Struct({ before: Measure, now: Measure })

const configChanged = {
  event: Schema.Literal("configChanged"),
  /** Steps that were taken with the config before. */
  step: Schema.Natural,
  epoch: Schema.Natural,
  /** Settings by path, as they would be written in JSON. */
  changes: Schema.Array(Schema.Struct({ path: Schema.String, before: Schema.String, now: Schema.String })),
  /** The kind of the learning rate's schedule, which decides what a longer run means for the rate. */
  schedule: Schema.String,
  /** What the rate of the next step would have been, and what it is. */
  learningRate: Change,
  /** The same for the momentum of the key encoder, where it is one that rises over the run. */
  momentum: Schema.optionalKey(Change)
}

const initialised = {
  event: Schema.Literal("initialised"),
  /** Always 0: a run begins with them. */
  step: Schema.Natural,
  /** The file that the run began with, and its SHA-256. */
  source: Schema.String,
  sha256: Schema.String,
  /** Tensors that were taken from it. */
  taken: Schema.Natural,
  /** Why its head was left out; empty where it was taken. */
  headLeftOut: Schema.Array(Schema.String)
}

const rolledBack = {
  event: Schema.Literal("rolledBack"),
  /** Steps that the checkpoint had taken. */
  step: Schema.Natural,
  /** The step that gave a number which is not finite. */
  failedStep: Schema.Natural,
  reason: Schema.String,
  /** What the learning rate is multiplied by from here on. */
  rateFactor: Measure
}

const standstill = {
  event: Schema.Literal("standstill"),
  /** The first step of which it is true. */
  step: Schema.Natural,
  epoch: Schema.Natural,
  /** The number that tells it, as its step does. */
  metric: Schema.String,
  value: Measure,
  message: Schema.String
}

/** The run has ended by a number that is none; it goes on from its newest state, without this line. */
const diverged = {
  event: Schema.Literal("diverged"),
  /** Steps that were taken. */
  step: Schema.Natural,
  epoch: Schema.Natural,
  /** Where it was found, its value, and what to do. */
  reason: Schema.String
}

/** One thing that happened in a run. */
export const RunEvent = Schema.Union([
  Schema.Struct(step),
  Schema.Struct(evaluation),
  Schema.Struct(resumed),
  Schema.Struct(configChanged),
  Schema.Struct(initialised),
  Schema.Struct(rolledBack),
  Schema.Struct(standstill),
  Schema.Struct(diverged),
  Schema.Struct(finished)
])
export type RunEvent = typeof RunEvent.Type

/** Version of the log's lines; raised when what a line means changes. A program that is older than an event refuses it. */
export const formatVersion = 2

const line = { format: Schema.Literal(formatVersion), time: Schema.String }

/** An event as it stands in the log: with the format of its line, and the time it was recorded, ISO 8601 in UTC. */
export const RunRecord = Schema.Union([
  Schema.Struct({ ...line, ...step }),
  Schema.Struct({ ...line, ...evaluation }),
  Schema.Struct({ ...line, ...resumed }),
  Schema.Struct({ ...line, ...configChanged }),
  Schema.Struct({ ...line, ...initialised }),
  Schema.Struct({ ...line, ...rolledBack }),
  Schema.Struct({ ...line, ...standstill }),
  Schema.Struct({ ...line, ...diverged }),
  Schema.Struct({ ...line, ...finished })
])
export type RunRecord = typeof RunRecord.Type

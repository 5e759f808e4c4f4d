import { renderValue } from "@moco/train/RunConfig/Problem"
import { Schema } from "effect"
import { Label, Sentence } from "./Label.ts"
import { Chart } from "./Report.ts"

/** A value as it stands in JSON. */
const Json = Schema.Unknown.annotate({ description: "any value that the setting may have" })

const Overrides = Schema.Record(Schema.String, Json).annotate({
  description: "values by the dotted path of their setting, e.g. { loss.temperature: 0.2 }"
})

const AxisName = Label.check(Schema.isMinLength(1))

const isAxisName = Schema.is(AxisName)

/** Far more than anybody writes by hand; the number of cells and of runs is bounded in `grid.ts`. */
const maxAxes = 16
const maxItems = 1000

const listOf = <S extends Schema.Constraint>(item: S) =>
  Schema.Array(item).check(Schema.isMaxLength(maxItems))

/** A cell's place, by axis: {@link Settings} of which every word can be shown. */
const Place = Schema.Record(Schema.String, Schema.Union([Label, Schema.Finite])).check(
  Schema.isMaxProperties(maxAxes),
  // By a check of the whole: what is wrong with a key is told as if the key were unknown.
  Schema.makeFilter((place) => {
    const strange = Object.keys(place).find((axis) => !isAxisName(axis))
    return strange === undefined || `has an axis ${renderValue(strange)}, which cannot be a name`
  })
)

/** One dimension of the grid: the values of one setting, or named points that set several settings at once. */
const Axis = Schema.Struct({
  name: Schema.optionalKey(
    AxisName.annotate({ description: "how the axis is called in tables; by default the setting's last word" })
  ),
  setting: Schema.optionalKey(Label.annotate({ description: "dotted path of the setting, e.g. momentum.m" })),
  values: Schema.optionalKey(Schema.Array(Json).annotate({ description: "values of setting" })),
  points: Schema.optionalKey(
    Schema.Array(Schema.Struct({ label: Schema.Union([Label, Schema.Finite]), set: Overrides })).annotate({
      description: "named points, in place of setting and values"
    })
  )
})
export type Axis = typeof Axis.Type

/** A cell that no grid gives: its place on every axis, and what it sets. */
const ListedCell = Schema.Struct({ settings: Place, set: Overrides })

/** A weighted sum of what is measured in cells, compared with 0. */
const Contrast = Schema.Struct({
  label: Label,
  /** By default the study's; another one may be of an evaluation, or of training, the mean over the last epoch. */
  metric: Schema.optionalKey(Label),
  terms: listOf(Schema.Struct({ cell: Place, weight: Schema.Finite }))
})
export type Contrast = typeof Contrast.Type

/** Something that a paper says about the cells. */
const Claim = Schema.Struct({
  statement: Sentence,
  /** What the paper measured, with its source. */
  paper: Sentence,
  /** `above`: every contrast is above 0. `zero`: every contrast is 0, which no interval can prove. */
  expects: Schema.Literals(["above", "zero"]),
  contrasts: listOf(Contrast)
})
export type Claim = typeof Claim.Type

/** Figures that a paper gives for some of the cells, in %. */
const Published = Schema.Struct({
  source: Sentence,
  values: listOf(Schema.Struct({ cell: Place, percent: Schema.Finite }))
})

/** Keys that had another name before, by their dotted paths without places in lists. */
export const renamed: Readonly<Record<string, string>> = {
  neighbours: 'metric, e.g. "kNN accuracy (k = 20)"',
  "claims.contrasts.measure": 'metric, e.g. "pretext accuracy"'
}

/** A grid of runs that differ in a few settings, each repeated with several seeds. */
export const StudyDefinition = Schema.Struct({
  name: Schema.String.check(
    Schema.isMaxLength(100),
    Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, {
      expected: "a name of letters, digits, - and _ that starts with a letter or digit"
    })
  ).annotate({ description: "name of the study; its folder is named after it" }),
  recipe: Label.annotate({ description: "the recipe that every run starts from" }),
  set: Schema.optionalKey(Overrides),
  axes: Schema.optionalKey(
    Schema.Array(Axis)
      .check(Schema.isMaxLength(maxAxes))
      .annotate({ description: "dimensions of the grid; every combination is a cell" })
  ),
  cells: Schema.optionalKey(
    Schema.Array(ListedCell).annotate({ description: "cells one by one, in place of axes" })
  ),
  seeds: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffff_ffff }))).annotate({
    description: "every cell is run once with each, e.g. [1, 2, 3, 4, 5]"
  }),
  metric: Schema.optionalKey(
    Label.annotate({
      description:
        "what is reported, e.g. kNN accuracy (k = 20); by default the first metric of the first evaluation"
    })
  ),
  chart: Schema.optionalKey(
    Chart.annotate({ description: "which axis is drawn along x, and which as lines" })
  ),
  reference: Schema.optionalKey(
    Place.annotate({ description: "every cell is compared with the one that has these instead" })
  ),
  published: Schema.optionalKey(
    Published.annotate({ description: "a paper's figures for some of the cells, shown beside these" })
  ),
  claims: Schema.optionalKey(
    listOf(Claim).annotate({
      description: "statements that the runs support, contradict or leave open"
    })
  )
})
export type StudyDefinition = typeof StudyDefinition.Type

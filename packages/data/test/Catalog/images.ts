import * as Catalog from "@moco/data/Catalog"
import { Dataset } from "@moco/data/Dataset"
import { Effect } from "effect"

/** The labelled images of a data set, from these folders, as an encoder of 28 x 28 pixels sees them. */
export const images = (
  name: Catalog.CatalogName,
  evaluationSplit: Catalog.EvaluationSplit,
  dirs: ReadonlyArray<string>
) => Effect.provide(Dataset.labelled, Catalog.layer({ name, evaluationSplit, imageSize: 28 }, dirs))

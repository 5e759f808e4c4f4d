import { writeFileSync } from "node:fs"
import { MomentumUpdate } from "@moco/core/MomentumUpdate"
import { Augmentation } from "@moco/data/Augmentation"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import { ViewPairs } from "@moco/data/ViewPairs"
import { Effect, Layer } from "effect"
import { ablate } from "../../src/commands/ablate.ts"
import { settings } from "../../src/commands/settings.ts"
import { train } from "../../src/commands/train.ts"
import { start } from "../program.ts"
import {
  beginRun,
  command,
  type Family,
  studyFlag,
  tensorflow,
  tinyStudy,
  writtenWeights
} from "./provoke.ts"

export const config: Family = {
  ConfigInvalid: {
    provoke: (folder) => command(train, "--set=optimizer.learningRate=-1", `--out=${folder}`),
    says: () => ["optimizer.learningRate = -1: must be greater than 0", "0.03 to 0.06 is usual"]
  },
  ConfigUnreadable: {
    provoke: (folder) => {
      writeFileSync(`${folder}/mine.json`, '{ "seed": one }')
      return command(train, `--config=${folder}/mine.json`, `--out=${folder}`)
    },
    says: (folder) => [`${folder}/mine.json cannot be read`, '{ "seed": one }', "it must be JSON"]
  },
  EnvironmentInvalid: {
    provokeInProgram: (folder) =>
      start(["train", `--out=${folder}`], { TF_NUM_INTRAOP_THREADS: "2.5" }).ended,
    says: () => ['TF_NUM_INTRAOP_THREADS="2.5" is no whole number', "unset it"]
  },
  BatchSizeInvalid: {
    provoke: () => {
      const images = { numTrain: 11, numTest: 2, height: 4, width: 4, channels: 1, numClasses: 2, seed: 1 }
      const views = ViewPairs.layer({ seed: 1, batchSize: 12 }).pipe(
        Layer.provide(Augmentation.layerNone),
        Layer.provide([layerSynthetic(images), tensorflow])
      )
      return Layer.build(views)
    },
    says: () => ["a batch of 12 images", "a training set of 11", "choose a batch size of 1 to 11"]
  },
  StageInvalid: {
    provoke: () => Layer.build(MomentumUpdate.layerEma(1.5)),
    says: () => ["MomentumUpdate: m = 1.5: must be at least 0 and at most 1", "0.999 in MoCo"]
  },
  ConfigChanged: {
    provoke: (folder) => Effect.andThen(beginRun(folder), command(train, `--resume=${folder}`, "--seed=9")),
    says: (folder) => [`the run in ${folder}`, "seed was 1 and is 9", "another --out"]
  },
  InitialWeightsChanged: {
    provoke: (folder) => {
      const from = writtenWeights(folder)
      const begun = [`--config=${folder}/config.json`, `--out=${folder}`]
      return Effect.andThen(beginRun(folder), command(train, ...begun, `--init-from=${from}`))
    },
    says: (folder) => [
      `the run in ${folder} has begun with other weights, those of its seed`,
      `given those of ${folder}/mine.safetensors`,
      `--resume=${folder}`
    ]
  },
  FlagsInvalid: {
    provoke: (folder) => command(train, `--resume=${folder}`, "--recipe=fashionMnist"),
    says: (folder) => [`--resume=${folder} and --recipe=fashionMnist`, "already", "leave --recipe away"]
  },
  SettingUnknown: {
    provoke: () => command(settings, "loss.temprature"),
    says: () => ["loss.temprature is no setting", "did you mean loss.temperature?"]
  },
  StudyInvalid: {
    provoke: (folder) => {
      const study = { ...tinyStudy(), axes: [{ setting: "momentum.n", values: [0.5] }] }
      return command(ablate, studyFlag(folder, study), `--out=${folder}`)
    },
    says: () => ["the study mine", "momentum.n = 0.5: is not a known key", "did you mean m?"]
  }
}

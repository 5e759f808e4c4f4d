import { mkdirSync, writeFileSync } from "node:fs"
import { ContrastiveLoss } from "@moco/core/ContrastiveLoss"
import * as Queue from "@moco/core/Dictionary/Queue"
import { KeyEncoder, QueryEncoder } from "@moco/core/Encoder"
import { KeyShuffle } from "@moco/core/KeyShuffle"
import { MomentumUpdate } from "@moco/core/MomentumUpdate"
import { LinearNetwork } from "@moco/core/testing"
import * as Catalog from "@moco/data/Catalog"
import { Dataset } from "@moco/data/Dataset"
import { download } from "@moco/data/Fetch/download"
import * as Idx from "@moco/data/Idx"
import { Optimizer } from "@moco/train/Optimizer"
import { RunState } from "@moco/train/RunState"
import { Effect, Layer } from "effect"
import { ablate } from "../../src/commands/ablate.ts"
import { layerClient } from "../../src/commands/data/fetch/client.ts"
import { parity } from "../../src/commands/parity.ts"
import { plot } from "../../src/commands/plot.ts"
import { runs } from "../../src/commands/runs.ts"
import { train } from "../../src/commands/train.ts"
import {
  beginRun,
  command,
  type Family,
  openRecord,
  studyFlag,
  tensorflow,
  tinyStudy,
  writtenWeights
} from "./provoke.ts"

/** The full data set, from `folder` alone. */
const fullSet = (folder: string) =>
  Effect.provide(
    Dataset,
    Catalog.layer({ name: "fashion-mnist", evaluationSplit: "test", imageSize: 28 }, [folder])
  )

/** Uses the state of a run that has `size` keys in its queue. */
const withState = <A, E>(size: number, use: (state: RunState["Service"]) => Effect.Effect<A, E>) => {
  const state = RunState.layer.pipe(
    Layer.provide(Optimizer.layerSgd({ momentum: 0.9, weightDecay: 0 })),
    Layer.provide(ContrastiveLoss.layerInfoNce({ temperature: 0.1 })),
    Layer.provide(Queue.layer({ size, seed: 1 })),
    Layer.provide([MomentumUpdate.layerEma(0.9), KeyShuffle.layer(1), KeyEncoder.layer]),
    Layer.provide(QueryEncoder.layer(LinearNetwork.identity(2), 1)),
    Layer.provide(tensorflow)
  )
  return Effect.provide(Effect.flatMap(RunState, use), state)
}

export const data: Family = {
  DatasetInvalid: {
    provoke: () => {
      const images = { numImages: 2, height: 28, width: 28, channels: 1, labels: Uint8Array.of(0, 1) }
      const train = { ...images, pixels_NHWC: new Uint8Array(784) }
      return Dataset.make({ name: "mine", classes: ["a", "b"], train, test: train })
    },
    says: () => [
      "data set mine: train.pixels_NHWC.length = 784: must be 1568: 2 images of 28 x 28 x 1",
      "784 bytes are missing"
    ]
  },
  ImageIndexInvalid: {
    provoke: () => {
      const images = { pixels_NHWC: new Uint8Array(2), numImages: 2, height: 1, width: 1, channels: 1 }
      return Effect.flatMap(Dataset.make({ name: "mine", train: images }), ({ train }) =>
        train.read(Int32Array.of(0, 2))
      )
    },
    says: () => ["image 2 of mine was asked for", "it has 2 images, counted from 0", "ask for 0 to 1"]
  },
  DatasetMissing: {
    provoke: fullSet,
    says: (folder) => ["train-images-idx3-ubyte.gz was not found", `searched: ${folder}`, "--data-dir"]
  },
  DatasetUnreadable: {
    provoke: (folder) => {
      mkdirSync(`${folder}/train-images-idx3-ubyte`)
      return fullSet(folder)
    },
    says: (folder) => [
      `${folder}/train-images-idx3-ubyte cannot be read`,
      "it is a folder and not a file",
      "or remove it"
    ]
  },
  FetchFailed: {
    provoke: (folder) => {
      const file = {
        name: "mine.tar.gz",
        numBytes: 5,
        digest: { algorithm: "SHA-256", hex: "00" },
        addresses: ["http://127.0.0.1:9/mine.tar.gz"]
      } as const
      return download("mine", file, folder, () => Effect.void).pipe(
        Effect.catchTag("PlatformError", (error) => Effect.die(error)),
        Effect.provide(layerClient({}))
      )
    },
    says: () => [
      "mine: mine.tar.gz cannot be fetched",
      "http://127.0.0.1:9/mine.tar.gz: the connection is refused",
      "npx moco data fetch mine --from=DIR"
    ]
  },
  FixtureUnusable: {
    provoke: (folder) => {
      writeFileSync(`${folder}/fixture.json`, '{ "channels": "one" }')
      return command(parity, `--fixture=${folder}`)
    },
    says: (folder) => [
      `${folder}/fixture.json: Expected number, got "one" at ["channels"]`,
      "a fixture folder holds"
    ]
  },
  NoRun: {
    provoke: (folder) => command(runs, "show", `${folder}/nope`),
    says: (folder) => [`${folder}/nope is no run`, "no such folder", "check the path"]
  },
  RunUndrawable: {
    provoke: (folder) => command(plot, `--run=${folder}/nope`, `--out=${folder}/x.png`),
    says: (folder) => [`${folder}/nope cannot be drawn`, "no such folder", "give the folder of a run"]
  },
  RunFolderEmpty: {
    provoke: (folder) => command(train, `--resume=${folder}`),
    says: (folder) => [`${folder} holds no run to continue`, "no run log", "give the folder of a run"]
  },
  SnapshotMismatch: {
    provoke: () =>
      Effect.flatMap(
        withState(8, ({ capture }) => capture),
        (captured) => withState(6, ({ restore }) => restore(captured))
      ),
    says: () => ["Queue.restore", "queue is 8,2 and should be 6,2", "restore it with the config"]
  },
  WeightsUnfit: {
    provoke: (folder) =>
      command(
        train,
        "--recipe=fashionMnistQuick",
        `--init-from=${writtenWeights(folder)}`,
        `--out=${folder}/run`
      ),
    says: (folder) => [
      `the weights in ${folder}/mine.safetensors do not fit`,
      "conv1.weight is [1] and should be [16,1,3,3]",
      "missing: bn1.weight, bn1.bias, ",
      "not part of it: layer9.weight",
      "set encoder.block, layers, width and stem as they were"
    ]
  },
  WeightsUnreadable: {
    provoke: (folder) => command(train, `--init-from=${folder}`, `--out=${folder}/run`),
    says: (folder) => [
      `the weights ${folder}/encoder.safetensors cannot be read`,
      "it does not exist",
      "give a safetensors file"
    ]
  },
  TrialImpossible: {
    provoke: (folder) => {
      mkdirSync(`${folder}/train-images-idx3-ubyte.gz`)
      const study = studyFlag(folder, tinyStudy({ "data.name": "fashion-mnist" }))
      return command(ablate, study, `--data-dir=${folder}`, `--out=${folder}/study`)
    },
    says: (folder) => [
      "the study stops, for no run of it can start (size = 64, seed 1)",
      `${folder}/train-images-idx3-ubyte.gz cannot be read`,
      "or remove it"
    ]
  }
}

export const corrupt: Family = {
  RunLogCorrupt: {
    provoke: (folder) =>
      Effect.gen(function* () {
        yield* beginRun(folder)
        writeFileSync(`${folder}/metrics.jsonl`, '{"event":"stop"}\n')
        yield* command(plot, `--run=${folder}`, `--out=${folder}/x.png`)
      }),
    says: (folder) => [`${folder}/metrics.jsonl, line 1`, "remove the line"]
  },
  RunIncomparable: {
    provoke: (folder) =>
      Effect.gen(function* () {
        yield* beginRun(folder)
        writeFileSync(`${folder}/config.json`, '{ "seed": one }')
        yield* command(runs, "compare", folder, folder)
      }),
    says: (folder) => [`${folder} cannot be compared`, "config.json cannot be read", "put a whole copy"]
  },
  DatasetCorrupt: {
    provoke: (folder) => {
      writeFileSync(`${folder}/train-images-idx3-ubyte`, "other bytes")
      return fullSet(folder)
    },
    says: (folder) => [
      `${folder}/train-images-idx3-ubyte is damaged`,
      "should be c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888, it is ",
      "remove the file; install it with"
    ]
  },
  IdxMalformed: {
    provoke: () => Idx.decode(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 9, 1, 2), "mine/labels"),
    says: () => ["mine/labels", "byte 8: 9 values were announced, 2 bytes follow", "a fresh copy"]
  },
  SafetensorsMalformed: {
    provoke: () =>
      withState(8, ({ capture, restore }) =>
        Effect.flatMap(capture, ({ counters, parts }) => {
          const cut = parts["dictionary.safetensors"]!.subarray(0, -4)
          return restore({ counters, parts: { ...parts, "dictionary.safetensors": cut } })
        })
      ),
    says: () => ["dictionary.safetensors: data", "cover 84 bytes, the file has 80", "a fresh copy"]
  },
  NoCheckpointWhole: {
    provoke: (folder) => {
      mkdirSync(`${folder}/checkpoints/000000007`, { recursive: true })
      writeFileSync(`${folder}/checkpoints/000000007/manifest.jsonl`, "{}\n")
      return command(train, `--resume=${folder}`)
    },
    says: (folder) => [
      `none of the 1 checkpoints in ${folder}/checkpoints is whole`,
      "/000000007/manifest.jsonl is damaged",
      "put back a copy"
    ]
  },
  StudyRecordCorrupt: {
    provoke: (folder) => {
      writeFileSync(`${folder}/trials.jsonl`, '{ "outcome": "completed", "time": 5 }\n')
      return openRecord(folder)
    },
    says: (folder) => [`${folder}/trials.jsonl, line 1`, 'got 5 at ["time"]', "remove the line"]
  },
  StudyDefinitionDamaged: {
    provoke: (folder) => {
      writeFileSync(`${folder}/study.json`, '{ "name": 5 }')
      return openRecord(folder)
    },
    says: (folder) => [`${folder}/study.json is damaged`, 'got 5 at ["name"]', "delete it"]
  }
}

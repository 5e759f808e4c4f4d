import { mkdirSync, writeFileSync } from "node:fs"
import { Backend } from "@moco/core/Backend"
import { QueryEncoder } from "@moco/core/Encoder"
import * as ResNet from "@moco/core/Encoder/ResNet"
import * as Tensor from "@moco/core/Tensor"
import { tinyResNet } from "@moco/core/testing"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import { sign } from "@moco/train/Checkpoint/manifest"
import * as Checkpoint from "@moco/train/Checkpoint/store"
import { encoderBytes } from "@moco/train/EncoderExport"
import * as FolderLock from "@moco/train/FolderLock"
import { inspectStored } from "@moco/train/inspectStored"
import { MachineMemory } from "@moco/train/MachineMemory"
import * as Run from "@moco/train/Run"
import * as RunFolder from "@moco/train/RunFolder"
import { RunLog } from "@moco/train/RunLog"
import { recipes } from "@moco/train/recipes"
import * as StoredEncoder from "@moco/train/StoredEncoder"
import { sampleManifest } from "@moco/train/testing"
import { tinyConfig } from "@moco/train/testing/tinyConfig"
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect, Layer } from "effect"
import { HttpServer } from "effect/http"
import { ablate } from "../../src/commands/ablate.ts"
import { parity } from "../../src/commands/parity.ts"
import { runs } from "../../src/commands/runs.ts"
import { train } from "../../src/commands/train.ts"
import { layerLoopback } from "../../src/commands/watch/loopback.ts"
import { start, tinyRun } from "../program.ts"
import {
  beginRun,
  command,
  type Family,
  fixture,
  openRecord,
  studyFlag,
  tensorflow,
  tinyStudy
} from "./provoke.ts"

/** Runs the program where a damaged library is found in place of TensorFlow's. */
const withoutTensorflow = (folder: string, ...args: ReadonlyArray<string>) => {
  writeFileSync(`${folder}/libtensorflow_cc.so.2`, "no library")
  // The project's own ops would bring the library with them.
  return start(args, { LD_LIBRARY_PATH: folder, MOCO_NATIVE_OPS: "0" }).ended
}

/** A run of two steps on images that are made up. */
const tinyImages = { numTrain: 32, numTest: 24, height: 8, width: 8, channels: 1, numClasses: 3, seed: 1 }

const tinyNetwork = ResNet.make({ ...tinyResNet, batchNormGroups: 1 }, 1)

/** The path of a file in `folder`, to be taken for a folder. */
const fileIn = (folder: string) => {
  writeFileSync(`${folder}/file`, "")
  return `${folder}/file`
}

export const negative: Family = {
  NotReady: {
    provokeInProgram: (folder) => withoutTensorflow(folder, "doctor"),
    says: () => ["training cannot run yet", "see libtensorflow above", "run the commands"]
  },
  ParityBroken: {
    provoke: () => command(parity, `--fixture=${fixture}`, "--tolerance=1e-12"),
    says: () => [`the replay of ${fixture} differs by`, ", and 1e-12 is allowed", "raise --tolerance"]
  },
  StudyFruitless: {
    provoke: (folder) => {
      const study = studyFlag(folder, tinyStudy({ "optimizer.learningRate": 1e20 }))
      return command(ablate, study, `--out=${folder}/study`)
    },
    says: (folder) => ["no run of the study mine", `${folder}/study/trials.jsonl`, "change the settings"]
  }
}

export const nonFinite: Family = {
  NonFinite: {
    provoke: (folder) => {
      const rate = ["--set=optimizer.schedule.kind=constant", "--set=optimizer.learningRate=1e20"]
      return command(train, ...tinyRun({ epochs: 1 }), ...rate, `--out=${folder}`)
    },
    says: () => [
      "loss is NaN",
      "in step ",
      "learning rate 100000000000000000000",
      "--resume=RUN --on-nan=rollback",
      "--resume=RUN --set optimizer.learningRate=50000000000000000000"
    ]
  },
  NonFiniteTensors: {
    provoke: () => {
      const query = QueryEncoder.layer(tinyNetwork, 1).pipe(Layer.provideMerge(tensorflow))
      return Effect.gen(function* () {
        const { parameters } = yield* QueryEncoder
        const { "fc.bias": bias, ...others } = parameters.get()
        parameters.replace({ ...others, "fc.bias": tf.fill(bias!.shape, Number.NaN) })
        return yield* encoderBytes(1)
      }).pipe(Effect.provide(query))
    },
    says: () => ["the encoder to be exported is not finite: NaN at query.parameters.fc.bias", "--resume=RUN"]
  }
}

export const resource: Family = {
  PortUnavailable: {
    provoke: () =>
      Effect.flatMap(Layer.build(layerLoopback(0)), (context) => {
        const { address } = Context.get(context, HttpServer.HttpServer)
        return Layer.build(layerLoopback("port" in address ? address.port : 0))
      }),
    says: () => ["of 127.0.0.1 cannot be listened at", "another program listens there", "--port=0"]
  },
  BackendUnavailable: {
    provokeInProgram: (folder) => withoutTensorflow(folder, "parity", `--fixture=${fixture}`),
    says: (folder) => ["the tensorflow backend cannot be loaded", folder, "npx nx run tools:libtensorflow"]
  },
  TensorError: {
    provoke: () => {
      const multiply = Tensor.run("Mine.multiply", () => tf.matMul(tf.ones([2, 3]), tf.ones([2, 3])))
      return Effect.andThen(Backend, multiply).pipe(Effect.provide(tensorflow))
    },
    says: () => ["Mine.multiply failed", "2,3", "check the sizes"]
  },
  RunLogError: {
    provoke: (folder) => Layer.build(RunLog.layerJsonLines(folder)),
    says: (folder) => [`the run log ${folder} cannot be written`, "it is a folder", "check the path"]
  },
  RunFolderOccupied: {
    provoke: (folder) => {
      writeFileSync(`${folder}/encoder.safetensors`, "")
      return RunFolder.open(folder)
    },
    says: (folder) => [`${folder} holds ${folder}/encoder.safetensors`, "choose another folder"]
  },
  RunFolderUnwritable: {
    provoke: (folder) => RunFolder.open(`${fileIn(folder)}/run`),
    says: (folder) => [`${folder}/file/run cannot be written`, "a file and not a folder", "another folder"]
  },
  CheckpointUnwritable: {
    provoke: (folder) => {
      const manifest = sampleManifest(recipes["fashionMnistQuick"]!(), 7)
      return Checkpoint.save(fileIn(folder), { manifest, parts: {} })
    },
    says: (folder) => [
      `the checkpoint ${folder}/file/000000007 cannot be written`,
      "a file and not a folder",
      "choose another folder"
    ]
  },
  CheckpointUnreadable: {
    // As a newer program would write it.
    provoke: (folder) => {
      const json = '{"format":99}'
      mkdirSync(`${folder}/checkpoints/000000007`, { recursive: true })
      writeFileSync(`${folder}/checkpoints/000000007/manifest.jsonl`, sign(json))
      return command(train, `--resume=${folder}`)
    },
    says: (folder) => [
      `the checkpoint ${folder}/checkpoints/000000007/manifest.jsonl cannot be read`,
      "it has format 99",
      "go on with the program that has written it"
    ]
  },
  OutOfMemory: {
    // Where there were memory enough for any config, no array could be as long.
    provoke: (folder) =>
      Effect.provideService(
        command(
          train,
          "--set=dictionary.size=100000000",
          "--set=encoder.featureSize=65536",
          `--out=${folder}`
        ),
        MachineMemory,
        Number.POSITIVE_INFINITY
      ),
    says: () => ["Queue.init found no memory", "allocation failed", "dictionary.size=50000000"]
  },
  StudyFolderOccupied: {
    provoke: (folder) =>
      Effect.andThen(Effect.scoped(openRecord(folder)), openRecord(folder, { "training.epochs": 2 })),
    says: (folder) => [
      `${folder}/study.json holds another study`,
      '"training.epochs":2',
      "choose another folder with --out"
    ]
  },
  StudyRecordError: {
    provoke: (folder) => {
      mkdirSync(`${folder}/trials.jsonl`)
      return openRecord(folder)
    },
    says: (folder) => [`${folder}/trials.jsonl cannot be written`, "it is a folder", "check the path"]
  },
  RunInUse: {
    provoke: (folder) =>
      Effect.gen(function* () {
        yield* beginRun(folder)
        yield* RunFolder.open(folder)
        yield* command(runs, "rm", folder, "--yes")
      }),
    says: (folder) => [`${folder} is not removed: process ${process.pid}`, "wait until it has ended"]
  },
  RunWentOn: {
    provoke: Effect.fnUntraced(function* (folder) {
      const stages = { dataset: layerSynthetic(tinyImages) }
      const run = Run.open({ config: tinyConfig, folder }, { stages })
      yield* Effect.scoped(Effect.flatMap(run, ({ train }) => train()))
      const stored = yield* StoredEncoder.ofRun(folder, "last")
      const before = { ...stored, step: stored.step! - 1 }
      yield* Effect.catchTag(inspectStored(folder, before, { stages }), "PicturesUndrawn", Effect.die)
    }),
    says: (folder) => [`${folder} has gone on`, "of step 1,", "is of step 2\n", "look at it again"]
  },
  FolderLocked: {
    provoke: (folder) => Effect.andThen(RunFolder.open(folder), RunFolder.open(folder)),
    says: (folder) => [`${folder}/run.lock`, `process ${process.pid} works`, "wait until it has ended"]
  },
  FolderLockFailed: {
    provoke: (folder) => FolderLock.hold(`${fileIn(folder)}/run.lock`),
    says: (folder) => [`${folder}/file/run.lock cannot be written`, "a file and not", "another folder"]
  }
}

import { parentPort, workerData } from "node:worker_threads"
import * as CounterRandom from "@moco/core/CounterRandom"
import { UMAP } from "umap-js"

export interface UmapRequest {
  /** N rows of unit length. */
  readonly rows: ReadonlyArray<ReadonlyArray<number>>
  readonly neighbours: number
  readonly epochs: number
  readonly seed: number
}

export type UmapAnswer = ReadonlyArray<readonly [number, number]>

if (parentPort !== null) {
  const { epochs, neighbours, rows, seed } = workerData as UmapRequest
  const random = CounterRandom.make(seed, CounterRandom.Purpose.map).uniform
  const map = new UMAP({ random, nNeighbors: neighbours, nEpochs: epochs, minDist: 0.1 })
  parentPort.postMessage(map.fit(rows.map((row) => [...row])))
}

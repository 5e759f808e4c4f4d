// @ts-nocheck
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Run from "@moco/train/Run"
import { Console, Effect } from "effect"
import { leaveOneOut, colourHistogram } from "./leaveOneOut.ts"
import { stamps, stampsConfig } from "./stamps.ts"
const [,, name, json, every="20", seed="1"] = process.argv
const merge = (a: any, b: any): any => b && typeof b === "object" && !Array.isArray(b) && a && typeof a==="object" ? Object.fromEntries([...new Set([...Object.keys(a),...Object.keys(b)])].map(k=>[k, k in b ? merge(a[k],b[k]) : a[k]])) : b
const config = merge(stampsConfig(Number(seed)), JSON.parse(json))
const t0=Date.now()
Effect.gen(function* () {
  const run = yield* Run.open({ config, folder: `/tmp/tune/${name}` } as any, { stages: { dataset: stamps("/tmp/stamps", config.data.imageSize), evaluations: [leaveOneOut([1,5,20], ["tuning","all"], Number(every))] } } as any)
  yield* run.train({ checkpointEvery: { epochs: 1000 }, observe: (event: any) => event.event === "evaluation" ? Console.log(`${name} ${((Date.now()-t0)/1000).toFixed(0)}s ep${event.epoch ?? ""} ` + event.measurements.filter((m:any)=>m.subject!=="raw pixels").map((m:any)=>`${m.subject.slice(0,5)} ${m.metric.match(/k = \d+/)[0]} ${m.metric.split(", ")[1]} ${(100*m.value).toFixed(1)}`).join(" | ")) : Effect.void } as any)
}).pipe(Effect.scoped, Effect.provide(NodeServices.layer), NodeRuntime.runMain)

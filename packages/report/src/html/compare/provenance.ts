import { shorten } from "@moco/train/RunConfig/Problem"
import { environmentFacts } from "../../environment.ts"
import { markup } from "../../markup.ts"
import { facts, missing, type Section, table } from "../page.ts"
import { again, hasOwnStages, ownStages } from "../sections/provenance.ts"
import type { ComparedRun } from "./ComparedRun.ts"

/** Facts that are listed; a file from elsewhere may have any number of variables. */
const maxFacts = 60

/** What the runs ran on: what is the same for all of them, and what is not, a column for each. */
export const environments = (runs: ReadonlyArray<ComparedRun>): Section => {
  const known = runs.map(factsOf)
  const names = [...new Set(known.flatMap((own) => [...own.keys()]))].slice(0, maxFacts)
  const isShared = (name: string) => new Set(known.map((own) => own.get(name))).size === 1
  const shared = names.filter(isShared).map((name) => [name, known[0]!.get(name)!] as const)
  const rows = names
    .filter((name) => !isShared(name))
    .map((name) => [name, ...known.map((own) => own.get(name) ?? "not known")])
  const body =
    names.length === 0
      ? missing("Not known: no environment.json is there, or none says anything that is understood.")
      : markup`<div class="card">${
          rows.length === 0
            ? markup`<p>The same for all of them.</p>`
            : markup`<h3>What differs</h3>${table(["", ...runs.map(({ name }) => name)], rows)}<p class="how">Of other images no scores can be compared; another machine or build moves the last digits, and the speed.</p>`
        }</div>${
          shared.length === 0
            ? undefined
            : markup`<div class="card"><h3>The same for all</h3>${facts(shared)}</div>`
        }`
  return {
    id: "environment",
    heading: "What they ran on",
    body: markup`<div class="wide-cards">${body}</div>`
  }
}

/** In words, by name; variables behind the rest. */
const factsOf = ({ environment = {} }: ComparedRun): ReadonlyMap<string, string> =>
  new Map(
    [...environmentFacts(environment), ...Object.entries(environment.variables ?? {})].map(
      ([name, value]) => [shorten(name, 100), shorten(value, 300)] as const
    )
  )

/** What takes each of the runs again; nothing where the caller knows no commands. */
export const commandsOf = (runs: ReadonlyArray<ComparedRun>): ReadonlyArray<Section> => {
  const all = runs.flatMap(({ commands, environment, name }) =>
    commands === undefined
      ? []
      : [
          markup`<h3>${name}</h3>${hasOwnStages(environment) ? missing(ownStages) : markup`<pre>${commands.repeat}</pre>`}`
        ]
  )
  return all.length === 0
    ? []
    : [{ id: "again", heading: "Do them again", body: markup`<p>${again("Each of them")}</p>${all}` }]
}

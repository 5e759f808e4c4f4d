import { EnvironmentInvalid } from "@moco/core/EnvironmentInvalid"
import { Effect } from "effect"

type Environment = Readonly<Record<string, string | undefined>>

/** The variables by which programs are told of proxies; of two that say the same the first counts. */
const variables = { https: ["https_proxy", "HTTPS_PROXY"], http: ["http_proxy", "HTTP_PROXY"] } as const

const firstOf = (environment: Environment, names: ReadonlyArray<string>): string =>
  names.map((name) => environment[name] ?? "").find((value) => value !== "") ?? ""

/** Which proxies connections go through, by what they are to; none where an address is empty. */
export const proxiesIn = (environment: Environment) => ({
  httpsProxy: firstOf(environment, variables.https),
  httpProxy: firstOf(environment, variables.http),
  noProxy: firstOf(environment, ["no_proxy", "NO_PROXY"])
})

/** Refuses variables that name no proxy that the client can go through. */
export const refuseProxies = (environment: Environment): Effect.Effect<void, EnvironmentInvalid> => {
  const problems = Object.values(variables).flatMap((names) => {
    const name = names.find((one) => (environment[one] ?? "") !== "")
    const value = name === undefined ? "" : environment[name]!
    if (name === undefined || isProxy(value)) return []
    const hint = "unset it, or give an address as in http://proxy:3128"
    // A password may stand before the `@`.
    return [{ name, value: value.replace(/^.*@/, "...@"), problem: "is no address of a proxy", hint }]
  })
  return problems.length === 0 ? Effect.void : Effect.fail(new EnvironmentInvalid({ problems }))
}

const isProxy = (value: string): boolean => {
  try {
    const { password, protocol, username } = new URL(value)
    // Throws where a name or a password has a `%` that stands for nothing.
    decodeURIComponent(username + password)
    return ["http:", "https:"].includes(protocol)
  } catch {
    return false
  }
}

import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { proxiesIn, refuseProxies } from "../src/commands/data/fetch/proxies.ts"
import { assertPlainError, fresh, start } from "./program.ts"

describe("a proxy", () => {
  it("is the one that the environment names, by the small letters first", () => {
    const environment = {
      https_proxy: "http://a:1",
      HTTPS_PROXY: "http://b:1",
      HTTP_PROXY: "http://c:1",
      no_proxy: "d"
    }
    const proxies = { httpsProxy: "http://a:1", httpProxy: "http://c:1", noProxy: "d" }
    assert.deepStrictEqual(proxiesIn(environment), proxies)
    assert.deepStrictEqual(proxiesIn({ https_proxy: "" }), { httpsProxy: "", httpProxy: "", noProxy: "" })
    assert.isTrue(Exit.isSuccess(Effect.runSyncExit(refuseProxies(environment))))
  })

  it("that is none is refused before anything is asked for, and no password is shown", () => {
    for (const [value, shown] of [
      ["proxy", '"proxy"'],
      ["http://", '"http://"'],
      ["socks5://a:1", '"socks5://a:1"'],
      ["ftp://name:secret@a", '"...@a"'],
      ["http://na%zzme:secret@a", '"...@a"']
    ] as const) {
      const { message } = Effect.runSync(Effect.flip(refuseProxies({ HTTPS_PROXY: value })))
      assert.include(message, `HTTPS_PROXY=${shown} is no address of a proxy`)
      assert.notInclude(message, "secret")
    }
  })

  it("that is none ends the program as a wrong environment does", async () => {
    const env = { MOCO_CACHE_DIR: fresh(), https_proxy: "proxy" }
    const { code, stderr } = await start(["data", "fetch", "cifar10"], env).ended
    assert.strictEqual(code, 2, stderr)
    assertPlainError(stderr, 'https_proxy="proxy" is no address of a proxy', "http://proxy:3128")
  })
})

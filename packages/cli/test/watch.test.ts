import { appendFileSync, mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { join } from "node:path"
import { assert, describe, it, onTestFinished } from "@effect/vitest"
import { plan, type Trial } from "@moco/study/Study"
import { smoke } from "@moco/study/studies/smoke"
import { recipes } from "@moco/train/recipes"
import { Effect } from "effect"
import { runInProcess } from "./inProcess.ts"
import { assertPlainError, fresh, start, until } from "./program.ts"
import { addSteps, ask, beginRun, listen, logOf, serveFolder, stepLine } from "./watch/served.ts"

describe("what moco watch serves", () => {
  it("is a page that stands alone, under a strict policy, to this machine alone", async () => {
    const { url } = await serveFolder(beginRun(fresh(), 50))
    const { body, headers, status } = await ask(url)
    assert.strictEqual(status, 200)
    assert.include(body, "<title>Run run</title>")
    assert.include(body, "50 of 400")
    assert.include(body, "loss by epoch")
    const policy = String(headers["content-security-policy"])
    assert.match(
      policy,
      /default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; img-src data:/
    )
    assert.notMatch(policy, /unsafe|\*/)
    assert.notMatch(body, /\son\w+=|\sstyle=|https?:\/\/(?!www\.w3\.org)/)
    assert.strictEqual(headers["cross-origin-resource-policy"], "same-origin")
    assert.strictEqual(headers["x-content-type-options"], "nosniff")
    assert.strictEqual(headers["referrer-policy"], "no-referrer")
    assert.isUndefined(headers["access-control-allow-origin"])
    assert.strictEqual(new URL(url).hostname, "127.0.0.1")
  })

  it("is refused under another name of this machine, as one that a page elsewhere has made lead here", async () => {
    const { port, url } = await serveFolder(beginRun(fresh(), 1))
    const statusOf = async (host: string, path = "") => (await ask(`${url}/${path}`, { host })).status
    for (const host of [
      "127.0.0.1",
      "localhost",
      "LOCALHOST:1",
      "[::1]",
      `127.0.0.1:${port}`,
      `[::1]:${port}`
    ]) {
      assert.strictEqual(await statusOf(host), 200, host)
    }
    for (const host of [
      "evil.example",
      "127.0.0.1.evil.example",
      "localhost.",
      "127.0.0.1:x",
      "[::2]",
      "a@localhost"
    ]) {
      assert.strictEqual(await statusOf(host), 403, host)
      assert.strictEqual(await statusOf(host, "events"), 403, host)
    }
  })

  it("can be looked at only, and has two addresses", async () => {
    const { url } = await serveFolder(beginRun(fresh(), 1))
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
      for (const path of ["/", "/events", "/x"]) {
        const { headers, status } = await ask(`${url}${path}`, {}, method)
        assert.deepStrictEqual([status, headers["allow"]], [405, "GET"], method)
      }
    }
    for (const path of ["/metrics.jsonl", "/..%2f", "//", "/events/", "/config.json", "/%2e%2e/x"]) {
      assert.strictEqual((await ask(`${url}${path}`)).status, 404, path)
    }
    assert.strictEqual((await ask(`${url}/events`, { "sec-fetch-site": "cross-site" })).status, 403)
  })

  it("tells what a line that is appended changes, once it is whole, and nothing while nothing changes", async () => {
    const folder = beginRun(fresh(), 50)
    const { board, url } = await serveFolder(folder)
    const events = listen(`${url}/events`)
    await until(() => events.text().includes('"id":"settings"'))
    assert.match(events.text(), /^retry: 1000\n\n/)
    events.forget()
    const drawn = await Effect.runPromise(board.numDrawn)
    appendFileSync(logOf(folder), stepLine(50).slice(0, 40))
    await new Promise((resolve) => setTimeout(resolve, 300))
    assert.strictEqual(events.text(), "")
    assert.strictEqual(await Effect.runPromise(board.numDrawn), drawn)
    appendFileSync(logOf(folder), stepLine(50).slice(40))
    await until(() => events.text().includes("51 of 400"))
    const ids = [...events.text().matchAll(/data: \{"id":"(\w+)"/g)].map(([, id]) => id)
    assert.deepStrictEqual(ids, ["status", "training"])
  })

  it("goes on where a browser was that comes back, and begins anew for one of another server", async () => {
    const folder = beginRun(fresh(), 50)
    const { url } = await serveFolder(folder)
    const first = listen(`${url}/events`)
    await until(() => first.text().includes('"id":"settings"'))
    const last = [...first.text().matchAll(/^id: (.*)$/gm)].at(-1)![1]!
    const again = listen(`${url}/events`, { "last-event-id": last })
    addSteps(folder, 50, 51)
    await until(() => again.text().includes('"id":"training"'))
    assert.notInclude(again.text(), '"id":"settings"')
    for (const id of ["1-99", "x", `${last}9999999999999999`]) {
      const other = listen(`${url}/events`, { "last-event-id": id })
      await until(() => other.text().includes('"id":"settings"'))
    }
  })

  it("follows a log that is cut by a return to an earlier state, and one that begins anew", async () => {
    const folder = beginRun(fresh(), 50)
    const { url } = await serveFolder(folder)
    const events = listen(`${url}/events`)
    await until(() => events.text().includes("50 of 400"))
    events.forget()
    truncateSync(logOf(folder), stepLine(0).length * 5)
    addSteps(folder, 5, 7)
    await until(() => events.text().includes("7 of 400"))
    rmSync(logOf(folder))
    await until(() => events.text().includes("no step was taken"))
    addSteps(folder, 0, 3)
    await until(() => events.text().includes("3 of 400"))
  })

  it("waits for a run that does not exist yet", async () => {
    const folder = join(fresh(), "..", "later")
    const { url } = await serveFolder(folder)
    assert.include((await ask(url)).body, "there is no run and no study in this folder yet")
    const events = listen(`${url}/events`)
    await until(() => events.text().includes("data: waiting"))
    beginRun(folder, 5)
    await until(() => events.text().includes("data: run") && events.text().includes("5 of 400"))
  })

  it("tells what cannot be read, and goes on when it can", async () => {
    const folder = beginRun(fresh(), 5)
    const { url } = await serveFolder(folder)
    writeFileSync(join(folder, "config.json"), "{")
    await untilAsked(async () => (await ask(url)).body.includes("damaged"))
    beginRun(folder, 6)
    await untilAsked(async () => (await ask(url)).body.includes("6 of 400"))
  })

  it("shows a study: its runs, those that have failed, and its report so far", async () => {
    const folder = fresh()
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, "study.json"), JSON.stringify(smoke()))
    const { url } = await serveFolder(folder)
    const { body } = await ask(url)
    assert.include(body, "<title>Study smoke</title>")
    assert.include(body, "0 of 6")
    assert.strictEqual(body.match(/<td>waits<\/td>/g)?.length, 6)
    assert.include(body, "What came out")
  })

  it("tells of a study's runs as they begin, go on and fail", async () => {
    const folder = fresh()
    mkdirSync(folder, { recursive: true })
    const { trials } = await Effect.runPromise(plan(smoke(), recipes[smoke().recipe]!()))
    writeFileSync(join(folder, "study.json"), JSON.stringify(smoke()))
    const { url } = await serveFolder(folder)
    const events = listen(`${url}/events`)
    await until(() => events.text().includes("0 of 6"))
    const [first, second] = trials as [Trial, Trial]
    const run = beginRun(join(folder, "runs", first.id), 5)
    await until(() => events.text().includes('value=\\"5\\"'))
    addSteps(run, 5, 8)
    await until(() => events.text().includes('value=\\"8\\"'))
    const failed = {
      ...{ format: 2, time: "2026-01-01T00:00:00.000Z", trial: second.id, settings: second.settings },
      ...{ seed: second.seed, seconds: 5, runFolder: `runs/${second.id}`, epochs: [] },
      ...{ outcome: "failed", exitCode: 5, reason: "loss is <NaN>", isFinal: true }
    }
    appendFileSync(join(folder, "trials.jsonl"), `${JSON.stringify(failed)}\n`)
    await until(() => events.text().includes("1 of 6"))
    assert.include(events.text(), "FAILED after 0:05: loss is &lt;NaN&gt;")
    assert.notInclude(events.text(), "<NaN>")
  })
})

/** As `until`, of what has to be asked for. */
const untilAsked = async (isSo: () => Promise<boolean>) => {
  for (let tries = 0; tries < 400 && !(await isSo()); tries++)
    await new Promise((resolve) => setTimeout(resolve, 25))
  assert.isTrue(await isSo())
}

describe("browsers that look on", () => {
  const viewers = (board: { readonly numViewers: Effect.Effect<number> }) => Effect.runSync(board.numViewers)

  it("are counted while they are there, and nothing is drawn where there is none", async () => {
    const folder = beginRun(fresh(), 5)
    const { board, url } = await serveFolder(folder)
    const all = [1, 2, 3].map(() => listen(`${url}/events`))
    await until(() => viewers(board) === 3)
    for (const one of all) one.close()
    await until(() => viewers(board) === 0)
    const drawn = Effect.runSync(board.numDrawn)
    addSteps(folder, 5, 9)
    await new Promise((resolve) => setTimeout(resolve, 200))
    assert.strictEqual(Effect.runSync(board.numDrawn), drawn)
    assert.include((await ask(url)).body, "9 of 400")
  })

  it("are let go where they no longer read, while others go on", async () => {
    const folder = beginRun(fresh(), 1000)
    const { board, port, url } = await serveFolder(folder, 0, { silence: "1 second" })
    let step = 1000
    const growing = setInterval(() => addSteps(folder, step, ++step), 30)
    onTestFinished(() => clearInterval(growing))
    const reads = listen(`${url}/events`)
    const socket = connect(port, "127.0.0.1")
    socket.on("error", () => {})
    socket.pause()
    socket.write("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await until(() => viewers(board) === 2)
    // What is sent fills the buffers between, and then nothing gets through.
    await until(() => viewers(board) === 1)
    reads.forget()
    await until(() => reads.text().includes('"id":"status"'))
    socket.destroy()
    assert.strictEqual(viewers(board), 1)
  })

  it("are left at once when the server ends", async () => {
    const { stop, url } = await serveFolder(beginRun(fresh(), 5))
    const events = listen(`${url}/events`)
    await until(() => events.text() !== "")
    const begun = performance.now()
    await stop()
    assert.isBelow(performance.now() - begun, 1000)
  })
})

describe("moco watch", () => {
  it("says where the page is, and ends at once by Ctrl-C while browsers look on", async () => {
    const { child, ended, output } = start(["watch", beginRun(fresh(), 5), "--port=0"])
    await until(() => output().includes("Ctrl-C ends it"))
    const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(output())![0]
    const events = listen(`${url}events`)
    await until(() => events.text().includes("5 of 400"))
    const begun = performance.now()
    child.kill("SIGINT")
    const { code, stderr } = await ended
    assert.deepStrictEqual([code, stderr], [130, ""])
    assert.isBelow(performance.now() - begun, 5000)
  })

  it("refuses a folder that holds no run, one that cannot come, and a port that is taken, in words", async () => {
    const folder = beginRun(fresh(), 5)
    const other = fresh()
    mkdirSync(other)
    writeFileSync(join(other, "notes.txt"), "")
    const { port } = await serveFolder(folder)
    const cases: ReadonlyArray<readonly [number, ReadonlyArray<string>, ReadonlyArray<string>]> = [
      [3, [other], ["neither metrics.jsonl nor study.json", "npx moco runs list"]],
      [3, [join(other, "a", "b")], ["there is no such folder"]],
      [3, [join(other, "notes.txt")], ["it is a file and not a folder"]],
      [6, [folder, `--port=${port}`], [`port ${port} of 127.0.0.1`, "another moco watch", "--port=0"]],
      [2, [folder, "--port=70000"], ["--port"]],
      [2, [""], []]
    ]
    for (const [code, args, words] of cases) {
      const found = await runInProcess("watch", ...args)
      assert.strictEqual(found.code, code, found.stderr)
      assertPlainError(found.stderr, "error: ", ...words)
    }
  })
})

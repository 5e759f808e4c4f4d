import { assert, describe, it } from "@effect/vitest"
import * as Catalog from "@moco/data/Catalog"
import type { Fetchable } from "@moco/data/Catalog/CatalogEntry"

describe("What is published of a data set", () => {
  const entries = Catalog.names.map(Catalog.entryOf)
  const fetchable = entries.filter((entry): entry is Fetchable => entry.place.kind === "installed")

  it("is at encrypted addresses, whole and known by SHA-256", () => {
    assert.lengthOf(fetchable, entries.length - 1)
    for (const { place } of fetchable) {
      assert.isNotEmpty(place.downloads)
      for (const { addresses, digest, name, numBytes } of place.downloads) {
        assert.isAbove(numBytes, 4000)
        assert.match(`${digest.algorithm} ${digest.hex}`, /^SHA-256 [0-9a-f]{64}$/)
        for (const address of addresses) {
          const { hash, href, password, protocol, search } = new URL(address)
          assert.deepStrictEqual([href, protocol, password, hash, search], [address, "https:", "", "", ""])
          assert.isTrue(address.endsWith(`/${name}`), address)
        }
      }
    }
  })

  it("is what is looked for: every download is a file of the set, or unpacked into one", () => {
    for (const { files, name, place } of fetchable) {
      for (const { digest, name: file } of place.downloads) {
        const known = files.find((one) => one.name === file)
        if (place.unpacked === undefined) assert.isDefined(known, `${name}: ${file}`)
        if (known?.digest !== undefined) assert.deepStrictEqual(known.digest, digest)
      }
      for (const part of place.unpacked?.parts ?? [])
        assert.isDefined(files.find((one) => one.name === part)?.digest)
      assert.strictEqual(new Set(files.map((one) => one.name)).size, files.length, name)
    }
  })

  it("is fetched by a command that the error of a missing data set begins with", () => {
    for (const { name } of fetchable) {
      assert.include(
        Catalog.installHint(name as Catalog.CatalogName),
        `install it with: npx moco data fetch ${name}\n`
      )
    }
  })
})

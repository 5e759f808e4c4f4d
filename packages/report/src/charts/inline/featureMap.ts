import { largest, smallest } from "../../extent.ts"
import { type Markup, markup, type Stamp, stamps } from "../../markup.ts"
import { lineHeight, textWidth } from "../text.ts"
import { textSize } from "./frame.ts"
import { type Pictures, picture } from "./pictures.ts"
import { linear } from "./scale.ts"

interface MapPoint {
  readonly at: readonly [x: number, y: number]
  /** Its class, where it has one. */
  readonly label?: number
}

interface FeatureMap {
  readonly title: string
  readonly points: ReadonlyArray<MapPoint>
  /** Names of the classes, where there are any. */
  readonly classes: ReadonlyArray<string>
  /** Of the first of the points. */
  readonly thumbnails: Pictures | undefined
}

const side = 380
const margin = 16
const thumbnail = 22
/** Thumbnails that do not hide what they are of. */
const maxThumbnails = 28
/** More names than this would cover each other. */
const maxNames = 21
/** Points that are drawn: a page has room for so many, and an eye no use for more. */
const maxPoints = 3000

/** Points in the plane, coloured and shaped by class, with pictures of some and the classes' names, as an SVG element. */
export const featureMap = ({ classes, thumbnails, title, ...map }: FeatureMap): Markup => {
  const finite = map.points.slice(0, maxPoints).filter(({ at }) => at.every(Number.isFinite))
  const x = linear(extent(finite.map(({ at }) => at[0])), [margin, side - margin])
  const y = linear(extent(finite.map(({ at }) => at[1])), [side - margin, margin])
  const placed = map.points
    .slice(0, maxPoints)
    .map(({ at, label }) => ({ label, x: x(at[0]), y: y(at[1]) }))
    .map((point, index) => ({ ...point, index }))
    .filter((point) => Number.isFinite(point.x + point.y))
  const byClass = [...Map.groupBy(placed, ({ label }) => label ?? -1)].sort(([a], [b]) => a - b)
  return markup`<svg class="chart map" viewBox="0 0 ${side} ${side}" role="img" aria-label="${title}">${byClass.map(
    ([label, points]) => {
      const { className, stamp } = lookOf(label)
      return markup`<path class="${className}" d="${stamps(
        points.map((point) => [point.x, point.y]),
        stamp
      )}"><title>${nameOf(classes, label)}: ${points.length} images</title></path>`
    }
  )}${
    thumbnails === undefined
      ? undefined
      : apart(placed.filter(({ index }) => index < thumbnails.sprite.count)).map((point) => {
          const [left, up] = [point.x - thumbnail / 2, point.y - thumbnail / 2]
          return markup`${picture(thumbnails, point.index, { x: left, y: up, side: thumbnail })}<rect class="rim ${lookOf(point.label ?? -1).rim}" x="${left}" y="${up}" width="${thumbnail}" height="${thumbnail}"><title>${nameOf(classes, point.label ?? -1)}</title></rect>`
        })
  }${
    byClass.length > maxNames || classes.length === 0
      ? undefined
      : namesOf(byClass, classes).map(
          ({ text, x, y }) => markup`<text class="halo" x="${x}" y="${y}" text-anchor="middle">${text}</text>`
        )
  }</svg>`
}

interface Placed {
  readonly x: number
  readonly y: number
}

type ByClass = ReadonlyArray<readonly [label: number, points: ReadonlyArray<Placed>]>

/** The names of classes amid their points, each moved down until it covers none of those above it. */
const namesOf = (byClass: ByClass, classes: ReadonlyArray<string>) => {
  const wanted = byClass
    .map(([label, points]) => {
      const text = nameOf(classes, label)
      const half = textWidth(text, textSize) / 2
      const x = median(points.map((point) => point.x))
      return {
        ...{ text, half, y: median(points.map((point) => point.y)) },
        x: Math.max(half, Math.min(side - half, x))
      }
    })
    .toSorted((a, b) => a.y - b.y)
  const placed: Array<(typeof wanted)[number]> = []
  for (const name of wanted) {
    const y = placed
      .filter(({ half, x }) => Math.abs(x - name.x) < half + name.half)
      .reduce(
        (lowest, other) => (Math.abs(other.y - lowest) < lineHeight ? other.y + lineHeight : lowest),
        name.y
      )
    placed.push({ ...name, y })
  }
  return placed
}

/** The colours and the marks by which a class is told from the others. */
const lookOf = (
  label: number
): { readonly className: string; readonly stamp: Stamp; readonly rim: string } => {
  if (label < 0) return { className: "stamp dot n", stamp: "dot", rim: "n" }
  const colour = `s${label % 7}`
  const shape = Math.floor(label / 7) % 3
  const stamp = (["dot", "triangle", "cross"] as const)[shape]!
  return {
    className: `stamp ${stamp} ${colour}${stamp === "triangle" ? ` f${label % 7}` : ""}`,
    stamp,
    rim: colour
  }
}

/** A class by its name, or its number where it has none. */
export const nameOf = (classes: ReadonlyArray<string>, label: number): string =>
  label < 0 ? "no class" : (classes[label] ?? `class ${label}`)

const extent = (values: ReadonlyArray<number>): readonly [number, number] =>
  values.length === 0 ? [0, 1] : [smallest(values), largest(values)]

const median = (values: ReadonlyArray<number>): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

/** As many as do not cover each other, from the first on. */
const apart = <P extends Placed>(points: ReadonlyArray<P>): ReadonlyArray<P> => {
  const kept: Array<P> = []
  for (const point of points) {
    if (kept.length === maxThumbnails) break
    const isFree = kept.every(
      (other) => Math.abs(other.x - point.x) > thumbnail + 3 || Math.abs(other.y - point.y) > thumbnail + 3
    )
    if (isFree) kept.push(point)
  }
  return kept
}

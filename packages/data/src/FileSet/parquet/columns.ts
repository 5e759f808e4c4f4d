import { Result, Schema } from "effect"
import { type FileMetaData, parquetSchema, type SchemaElement, type SchemaTree } from "hyparquet"
import { shown } from "../faults.ts"
import { NoImageColumn, ParquetFault } from "./Fault.ts"

/** A column of single values. */
export interface Column {
  /** From the root, e.g. `image`, `bytes`. */
  readonly path: ReadonlyArray<string>
  readonly element: SchemaElement
  /** Levels at which a value may be missing; 0 where it never is. */
  readonly maxDefinition: number
}

/** Which columns hold what. */
export interface Columns {
  readonly image: Column
  readonly label: Column | undefined
  /** Class names by label, where the file has them. */
  readonly classes: ReadonlyArray<string> | undefined
  /** What was chosen where there was a choice. */
  readonly notes: ReadonlyArray<string>
}

/** What Hugging Face's library writes of the columns, as far as it is used here. */
const Features = Schema.fromJsonString(
  Schema.Struct({ info: Schema.Struct({ features: Schema.Record(Schema.String, Schema.Unknown) }) })
)
const decodeFeatures = Schema.decodeUnknownResult(Features)
const isImage = Schema.is(Schema.Struct({ _type: Schema.Literal("Image") }))
const ClassLabel = Schema.Struct({ _type: Schema.Literal("ClassLabel"), names: Schema.Array(Schema.String) })
const isClassLabel = Schema.is(ClassLabel)

const imageNames = ["image", "img", "images", "picture", "jpg", "png"]
const labelNames = ["label", "labels", "fine_label", "class", "cls", "target", "category"]

/**
 * Finds the column of images, binary or a structure with `bytes` of them, and that of labels, where there is one: by what
 * Hugging Face's library says of the columns, else by their names and types.
 */
export const findColumns = (metadata: FileMetaData): Columns => {
  const features = featuresOf(metadata)
  const tree = parquetSchema(metadata)
  const candidates = tree.children.flatMap(imageColumnsOf)
  const declared = candidates.filter(({ path }) => isImage(features[path[0]!]))
  const image = chosen(declared.length > 0 ? declared : candidates, imageNames)
  if (image === undefined) throw noImages(tree, candidates)
  const flat = tree.children.filter(isLabel).map((child) => columnOf([tree, child]))
  const classLabels = flat.filter(({ path }) => isClassLabel(features[path[0]!]))
  const label =
    chosen(classLabels, labelNames) ??
    classLabels[0] ??
    first(flat.filter(({ path }) => labelNames.includes(path[0]!)))
  const feature = label && features[label.path[0]!]
  const others = classLabels.filter((column) => column !== label).map(({ path }) => path[0]!)
  return {
    image,
    label,
    classes: feature !== undefined && isClassLabel(feature) ? namesOf(feature) : undefined,
    notes: [...notesOf(tree, label, others)]
  }
}

function* notesOf(
  tree: SchemaTree,
  label: Column | undefined,
  others: ReadonlyArray<string>
): Generator<string> {
  if (others.length > 0) yield `labels are the column ${label!.path[0]}; ${others.join(" and ")} left out`
  const unread = tree.children.find(({ element }) => labelNames.includes(element.name))
  if (label !== undefined || unread === undefined) return
  yield `the column ${unread.element.name} holds neither whole numbers nor names: it is not used`
}

/** Names, where no two are the same: labels of classes of one name would become one class. */
const namesOf = ({ names }: typeof ClassLabel.Type) =>
  new Set(names).size === names.length ? names : undefined

const featuresOf = ({ key_value_metadata: pairs = [] }: FileMetaData): Readonly<Record<string, unknown>> => {
  const text = pairs.find(({ key }) => key === "huggingface")?.value
  const decoded = decodeFeatures(text)
  return Result.isSuccess(decoded) ? decoded.success.info.features : {}
}

const imageColumnsOf = (child: SchemaTree): ReadonlyArray<Column> => {
  const bytes = child.children.find(({ element }) => element.name === "bytes")
  const path = bytes === undefined ? [child] : [child, bytes]
  const { element } = path.at(-1)!
  const isBinary = element.type === "BYTE_ARRAY" && (bytes !== undefined || !isText(element))
  const isRepeated = path.some((node) => node.element.repetition_type === "REPEATED")
  return isBinary && !isRepeated && path.at(-1)!.children.length === 0
    ? [columnOf([child, ...path.slice(1)])]
    : []
}

const isText = ({ converted_type, logical_type }: SchemaElement) =>
  converted_type === "UTF8" || converted_type === "JSON" || logical_type?.type === "STRING"

const isLabel = ({ children, element }: SchemaTree) =>
  children.length === 0 &&
  element.repetition_type !== "REPEATED" &&
  (element.type === "INT32" || element.type === "INT64" || (element.type === "BYTE_ARRAY" && isText(element)))

/** @param nodes  from the first level on; the root's own element says nothing */
const columnOf = (nodes: ReadonlyArray<SchemaTree>): Column => {
  const own = nodes.filter(({ path }) => path.length > 0)
  return {
    path: own.map(({ element }) => element.name),
    element: own.at(-1)!.element,
    maxDefinition: own.filter(({ element }) => element.repetition_type !== "REQUIRED").length
  }
}

/** The only column, or the one that has the first of these names. */
const chosen = (columns: ReadonlyArray<Column>, names: ReadonlyArray<string>): Column | undefined =>
  columns.length === 1
    ? columns[0]
    : first(names.flatMap((name) => columns.filter(({ path }) => path[0] === name)))

const first = <A>(values: ReadonlyArray<A>): A | undefined => values[0]

const noImages = (tree: SchemaTree, candidates: ReadonlyArray<Column>) => {
  const names = (
    candidates.length > 0
      ? candidates.map(({ path }) => path[0]!)
      : tree.children.map((child) => child.element.name)
  )
    .slice(0, 10)
    .map(shown)
    .join(", ")
  return candidates.length > 0
    ? new ParquetFault(
        `several columns of bytes: ${names}`,
        `must be one, or one that is called ${imageNames[0]}`
      )
    : new NoImageColumn(
        `the columns ${names}`,
        "must be one of images: binary, or a structure with bytes of them"
      )
}

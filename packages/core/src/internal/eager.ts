import * as tf from "@tensorflow/tfjs-core"

/** The part of tfjs-node's backend that runs any TensorFlow op by name. */
export interface EagerBackend {
  readonly isUsingGpuDevice: boolean
  readonly binding: {
    readonly TF_ATTR_TYPE: number
    readonly TF_ATTR_INT: number
    readonly TF_ATTR_FLOAT: number
    readonly TF_ATTR_BOOL: number
    readonly TF_ATTR_STRING: number
    readonly TF_FLOAT: number
    readonly TF_INT32: number
  }
  executeSingleOutput(
    name: string,
    attributes: ReadonlyArray<Attribute>,
    inputs: ReadonlyArray<tf.Tensor>
  ): tf.Tensor
  executeMultipleOutputs(
    name: string,
    attributes: ReadonlyArray<Attribute>,
    inputs: ReadonlyArray<tf.Tensor>,
    numOutputs: number
  ): Array<tf.Tensor>
}

interface Attribute {
  readonly name: string
  readonly type: number
  readonly value: unknown
}

/** The eager TensorFlow backend, or `undefined` where tfjs computes by other means. */
export const eagerBackend = (): EagerBackend | undefined =>
  tf.getBackend() === "tensorflow" ? (tf.backend() as unknown as EagerBackend) : undefined

/** Attributes of a TensorFlow op, typed by the binding's constants. */
export const attributes = ({ binding }: EagerBackend) => ({
  float: (name: string): Attribute => ({ name, type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT }),
  int32: (name: string): Attribute => ({ name, type: binding.TF_ATTR_TYPE, value: binding.TF_INT32 }),
  ints: (name: string, value: ReadonlyArray<number>): Attribute => ({
    name,
    type: binding.TF_ATTR_INT,
    value
  }),
  integer: (name: string, value: number): Attribute => ({ name, type: binding.TF_ATTR_INT, value }),
  number: (name: string, value: number): Attribute => ({ name, type: binding.TF_ATTR_FLOAT, value }),
  boolean: (name: string, value: boolean): Attribute => ({ name, type: binding.TF_ATTR_BOOL, value }),
  text: (name: string, value: string): Attribute => ({ name, type: binding.TF_ATTR_STRING, value })
})

import type { Schema } from "effect"

const maxLength = 300

/** What a Schema found wrong, on one line. It tells the value where `reportInput` asked for it. */
export const schemaTrouble = ({ message }: Schema.SchemaError): string => {
  const line = message.replaceAll(/\s*\n\s*/g, " ")
  return line.length <= maxLength ? line : `${line.slice(0, maxLength - 3)}...`
}

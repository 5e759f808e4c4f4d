import { shellQuoted } from "@moco/native/shellQuoted"
import { shell } from "./help.ts"

/** A command line of the program that can be pasted into a shell; flags without a value are left out. */
export const commandText = (command: string, flags: Readonly<Record<string, string | undefined>>): string =>
  [
    `${shell} moco ${command}`,
    ...Object.entries(flags).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}=${shellQuoted(value)}`]
    )
  ].join(" ")

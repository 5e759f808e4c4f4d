/**
 * What cannot be seen on a terminal or is obeyed by it: controls, separators of lines and paragraphs, halves of surrogate
 * pairs, noncharacters, and what has no width or turns the direction of writing (bidi controls, joiners, tags, variation
 * selectors).
 */
export const hidden =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/gu

/** A character as JSON spells it, `\u001b`, so JSON stays what it was. */
export const spelled = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`
  ).join("")

const isLayout = (character: string) => character === "\n" || character === "\t"

/** A whole message for a terminal: nothing is left that it obeys, but ends of lines and tabs. */
export const terminal = (text: string): string =>
  text.replace(hidden, (character) => (isLayout(character) ? character : spelled(character)))

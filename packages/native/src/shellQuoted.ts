/** A word as a POSIX shell takes it for one; what no line can show is written as bash and zsh read it. */
export const shellQuoted = (word: string): string => {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word
  if (!/\p{C}/u.test(word)) return `'${word.replaceAll("'", `'\\''`)}'`
  const escaped = word.replace(/[\p{C}'\\]/gu, (letter) =>
    letter === "'" || letter === "\\"
      ? `\\${letter}`
      : [...new TextEncoder().encode(letter)]
          .map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`)
          .join("")
  )
  return `$'${escaped}'`
}

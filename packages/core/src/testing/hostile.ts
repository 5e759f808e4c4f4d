import fc from "fast-check"

/** Pieces of text that lead a terminal, a Markdown renderer, a browser or a spreadsheet where it should not go. */
const pieces = [
  ...["\u001b[2J", "\u001b[31m", "\u001b]0;title\u0007", "\u001bP", "\u009b2J", "\u0000", "\u0001", "\u007f"],
  ...["\n", "\r", "\t", "\u000b", "\u0085", "\u2028", "\u2029", "\u202e", "\u2066", "\u200e", "\u061c"],
  ...[
    "\u200b",
    "\u200d",
    "\ufeff",
    "\u00ad",
    "\udb40\udc41",
    "\ufe0f",
    "\ud800",
    "\udfff",
    "\ufffe",
    "\uffff"
  ],
  ...[
    "|",
    "\\",
    "\\|",
    "`",
    "```",
    "*",
    "_",
    "[a](http://b)",
    "![a](b)",
    "<b>",
    "</text>",
    "<script>",
    "&amp;"
  ],
  ...["&#124;", "# ", "- ", "1. ", "www.a.b", "https://a.b", "$x$", "~~", '"', "'", "]]>", "<!--", "-->"],
  ...["=1+1", "+1", "-1", "@a", ",", ";", " ", "m", "0.99", "\u00e4", "\u65e5\u672c", "\ud83d\ude00"]
]

/** Text as somebody would write it who wishes harm, or as a broken file holds it. */
export const hostile: fc.Arbitrary<string> = fc
  .array(fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: "binary", maxLength: 4 })), { maxLength: 8 })
  .map((parts) => parts.join(""))

/** What may reach no terminal and no file that people read, told apart from the code that escapes: by ranges. */
export const forbidden = (text: string): ReadonlyArray<string> =>
  [...text].flatMap((character) => {
    const code = character.codePointAt(0)!
    const isForbidden =
      code < 0x20 ||
      (code >= 0x7f && code <= 0x9f) ||
      (code >= 0x200b && code <= 0x200f) ||
      (code >= 0x2028 && code <= 0x202e) ||
      (code >= 0x2060 && code <= 0x206f) ||
      (code >= 0xd800 && code <= 0xdfff) ||
      (code >= 0xe0000 && code <= 0xe0fff) ||
      [0xad, 0x61c, 0x180e, 0xfeff, 0xfffe, 0xffff].includes(code)
    return isForbidden ? [code.toString(16)] : []
  })

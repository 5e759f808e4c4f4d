/**
 * Fields of `/proc/PID/stat` behind the name, which stands in parentheses and may itself hold spaces and parentheses:
 * state first, then the parent. Empty where the text holds no name.
 */
export const fieldsAfterName = (text: string): ReadonlyArray<string> => {
  const end = text.lastIndexOf(")")
  return end === -1 ? [] : text.slice(end + 2).split(" ")
}

/** Where in {@link fieldsAfterName} a value stands; times are in ticks, `start` since the machine started. */
export const procField = {
  state: 0,
  parent: 1,
  userTime: 11,
  systemTime: 12,
  endedChildrenSystemTime: 14,
  start: 19
} as const

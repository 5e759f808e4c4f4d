/** What a member of a tar archive is made of; its checksum is right unless `checksum` says another. */
export interface MadeMember {
  /** Bytes are a name of another encoding than UTF-8. */
  readonly name: string | Uint8Array
  readonly content?: Uint8Array | string
  /** Of a member: `0` is a file, `2` a link. */
  readonly type?: string
  readonly prefix?: string
  /** In place of the content's length. */
  readonly size?: string
  readonly checksum?: string
  /** Bytes from 128 on are added as those below 0, as old programs did. */
  readonly isSigned?: boolean
}

const blockBytes = 512

/** A member: its header, and its content filled up to a whole block. */
export const tarMember = (member: MadeMember) => {
  const { checksum, content = "", isSigned = false, name, prefix = "", size, type = "0" } = member
  const bytes = Buffer.from(content)
  const header = Buffer.alloc(blockBytes)
  Buffer.from(name).copy(header, 0, 0, 100)
  header.write(size ?? `${bytes.length.toString(8).padStart(11, "0")}\0`, 124, "latin1")
  header.fill(0x20, 148, 156)
  header.write(type, 156)
  header.write("ustar\u000000", 257, "latin1")
  header.write(prefix, 345)
  const sum = header.reduce((total, byte) => total + (isSigned && byte >= 128 ? byte - 256 : byte), 0)
  header.write(checksum ?? `${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1")
  return Buffer.concat([header, bytes, Buffer.alloc((blockBytes - (bytes.length % blockBytes)) % blockBytes)])
}

/** An archive of these members, with the zeros at its end. */
export const tarOf = (...members: ReadonlyArray<MadeMember>): Buffer =>
  Buffer.concat([...members.map(tarMember), Buffer.alloc(2 * blockBytes)])

/** A record of a pax header, which begins with its own length. */
export const paxRecord = (key: string, value: string): string => {
  const rest = ` ${key}=${value}\n`
  const bytes = Buffer.byteLength(rest)
  const digits = String(bytes + String(bytes + 2).length).length
  return `${bytes + digits}${rest}`
}

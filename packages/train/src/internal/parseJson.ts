import { Schema } from "effect"

/** What a JSON text says, unchecked. */
export const parseJson = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Unknown))

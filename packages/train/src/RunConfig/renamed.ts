/** Settings that have another name since: the old dotted path and the new one. */
export const renamed: Readonly<Record<string, string>> = { "data.judge": "data.evaluationSplit" }

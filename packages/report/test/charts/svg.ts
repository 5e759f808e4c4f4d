/** How often an SVG has a mark of this label. */
export const count = (svg: string, label: string) => svg.split(`aria-label="${label}"`).length - 1

/** The texts of an SVG as a reader sees them, lines joined. */
export const textsOf = (svg: string) =>
  [...svg.matchAll(/<text[^>]*>(.*?)<\/text>/gs)].map(([, inner]) =>
    inner!.replaceAll(/<\/tspan><tspan[^>]*>/g, " ").replaceAll(/<[^>]*>/g, "")
  )

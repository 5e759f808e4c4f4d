/** Okabe and Ito's colours, which the colour-blind tell apart, in an order and a darkness that suit thin lines and text. */
export const categories = [
  "#0072b2",
  "#c8500a",
  "#008060",
  "#b0508c",
  "#8c6d00",
  "#3c8fc0",
  "#444444"
] as const

/** The same in the same order, as light as a dark ground wants them. */
export const darkCategories = [
  "#56b4e9",
  "#ff9a4d",
  "#2fc49a",
  "#e08cc0",
  "#e6c229",
  "#9ecbe8",
  "#c4c4c4"
] as const

/** Of numbers that grow, by even steps of the colour map plasma: from light to dark; the pale end is left out, as it is lost on white. */
export const shades = [
  ...["#ef7e50", "#e87059", "#e06363", "#d7566c", "#cd4a76", "#c33d80", "#b7318a", "#ab2494", "#9e199d"],
  ...["#8f0da4", "#8004a8", "#6f00a8", "#5e01a6", "#4c02a1", "#3a049a", "#260591", "#0d0887"]
] as const

/** The same for a dark ground, from dark to light; what is lost there is the other end. */
export const darkShades = [
  ...["#c6417d", "#cd4a76", "#d5536f", "#db5c68", "#e26561", "#e76f5a", "#ec7754", "#f1814d", "#f58c46"],
  ...["#f9973f", "#fba238", "#fdae32", "#feb82c", "#fdc527", "#fcd225", "#f8df25", "#f4ed27"]
] as const

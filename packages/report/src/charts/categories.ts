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

/** At most `count` places, evenly spread over `length`, in an order in which any first ones are spread too. */
export const spread = (length: number, count: number): ReadonlyArray<number> => {
  const number = Math.min(length, count)
  // Steps of the golden section: no two of the first ones are near each other.
  const turns = Array.from({ length: number }, (_, at) => (at * 0.6180339887498949) % 1)
  const order = turns.map((turn, at) => ({ turn, at })).toSorted((a, b) => a.turn - b.turn)
  const places = new Array<number>(number)
  order.forEach(({ at }, rank) => {
    places[at] = Math.floor((rank * length) / number)
  })
  return places
}

/** Seconds as a clock shows them: `0:07`, `12:30`, `1:02:03`. */
export const duration = (seconds: number): string => {
  if (!Number.isFinite(seconds)) return "-"
  const whole = Math.max(0, Math.round(seconds))
  const two = (value: number) => String(value).padStart(2, "0")
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}

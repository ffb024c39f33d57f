/** Writes durations of rules. A drill shortens all of them by one factor, so that a rule of days can be seen to fire in seconds. */
export interface TimeScale {
  /** As PromQL writes it: `5m`. */
  range(seconds: number): string;
  /** As a number of seconds. */
  seconds(seconds: number): number;
}

export const MINUTE = 60;
export const HOUR = 3_600;
export const DAY = 86_400;
const UNITS = [
  [DAY, 'd'],
  [HOUR, 'h'],
  [MINUTE, 'm'],
  [1, 's'],
] as const;

/** `scale` 1 is real time, 0.01 a hundredth. */
export function timeScale(scale: number): TimeScale {
  const scaled = (seconds: number): number => Math.max(0, seconds * scale);
  return {
    range: (seconds) => rangeText(scaled(seconds)),
    seconds: (seconds) => Number(scaled(seconds).toPrecision(6)),
  };
}

function rangeText(seconds: number): string {
  for (const [size, unit] of UNITS) if (seconds >= size && seconds % size === 0) return `${seconds / size}${unit}`;
  return `${Math.round(seconds * 1000)}ms`;
}

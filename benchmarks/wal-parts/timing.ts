/** The middle one; of an even number the lower of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

/** How long `work` takes, in ms. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

/** Runs both in turn, `rounds` times, and gives the median of each: what disturbs one disturbs the other. */
export async function interleaved(
  rounds: number,
  first: () => Promise<unknown>,
  second: () => Promise<unknown>,
): Promise<{ readonly firstMs: number; readonly secondMs: number }> {
  const firsts: number[] = [];
  const seconds: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // Whoever goes second finds the caches warm, so they take turns at that too.
    if (round % 2 === 0) {
      firsts.push(await timed(first));
      seconds.push(await timed(second));
    } else {
      seconds.push(await timed(second));
      firsts.push(await timed(first));
    }
  }
  return { firstMs: median(firsts), secondMs: median(seconds) };
}

export const round = (value: number, digits = 3): number => Number(value.toFixed(digits));

import { readdir, readFile } from 'node:fs/promises';

/** Child processes of this process. */
export async function children(): Promise<readonly number[]> {
  const found: number[] = [];
  for (const tid of await readdir('/proc/self/task')) {
    const text = await readFile(`/proc/self/task/${tid}/children`, 'utf8').catch(() => '');
    found.push(...text.split(' ').filter(Boolean).map(Number));
  }
  return found;
}

/** Resident bytes of this process and its children. A child that has just ended counts nothing. */
export async function rssOfAll(): Promise<number> {
  let total = process.memoryUsage.rss();
  for (const pid of await children()) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    total += Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
  }
  return total;
}

/** Growth over the second half, by least squares, as a share of its mean. */
export function slopeRatio(samples: readonly number[]): number {
  const half = samples.slice(Math.floor(samples.length / 2));
  const mean = half.reduce((sum, one) => sum + one, 0) / half.length;
  const centre = (half.length - 1) / 2;
  let over = 0;
  let under = 0;
  half.forEach((one, at) => {
    over += (at - centre) * (one - mean);
    under += (at - centre) ** 2;
  });
  return under === 0 ? 0 : ((over / under) * half.length) / mean;
}

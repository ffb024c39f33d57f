import type { Unit } from '../dashboards/dashboard.ts';

const SCALES: Readonly<Partial<Record<Unit, readonly (readonly [number, string])[]>>> = {
  s: [
    [86_400, ' d'],
    [3_600, ' h'],
    [60, ' min'],
    [1, ' s'],
    [1e-3, ' ms'],
    [1e-6, ' µs'],
  ],
  bytes: [
    [2 ** 30, ' GiB'],
    [2 ** 20, ' MiB'],
    [2 ** 10, ' KiB'],
    [1, ' B'],
  ],
};
const SUFFIX: Readonly<Partial<Record<Unit, string>>> = { ms: ' ms', ops: '/s' };

/** A value as a panel writes it. */
export function valueText(value: number, unit: Unit): string {
  if (!Number.isFinite(value)) return '–';
  if (unit === 'percentunit') return `${rounded(100 * value)} %`;
  const scale = SCALES[unit]?.find(([size]) => Math.abs(value) >= size);
  if (scale !== undefined) return rounded(value / scale[0]) + scale[1];
  return rounded(value) + (SUFFIX[unit] ?? '');
}

const rounded = (value: number): string => String(Number(value.toPrecision(3)));

import { exposedName, type MetricFamily, type Sample } from './metric-family.js';

/** Families in the text format of Prometheus (version 0.0.4). Names become `tamiyo_validation_loss`. No name may come twice. */
export const prometheusText = (families: readonly MetricFamily[]): string => families.map(textOf).join('');

function textOf({ name, type, help, samples }: MetricFamily): string {
  const exposed = exposedName(name);
  const words = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  const head = help === '' ? '' : `# HELP ${exposed} ${words}\n`;
  const lines = samples.map(
    (sample) => `${exposed}${sample.suffix ?? ''}${labelsOf(sample)} ${numberOf(sample.value)}\n`,
  );
  return `${head}# TYPE ${exposed} ${type}\n${lines.join('')}`;
}

function labelsOf({ labels }: Sample): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${exposedName(key)}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

function numberOf(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? '+Inf' : '-Inf';
}

import { TAMIYO_METRICS } from './metric-table.js';
import type { Series } from './metrics-aggregate.js';

/** Series in the text format of Prometheus (version 0.0.4). Names become `tamiyo_validation_loss`. */
export function prometheusText(series: readonly Series[]): string {
  const lines: string[] = [];
  let family = '';
  for (const one of series) {
    if (one.name !== family) {
      family = one.name;
      lines.push(...headOf(one));
    }
    lines.push(`${exposedName(one.name)}${labelsOf(one.labels)} ${numberOf(one.value)}`);
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function headOf({ name, kind }: Series): readonly string[] {
  const exposed = exposedName(name);
  const help = Object.hasOwn(TAMIYO_METRICS, name)
    ? TAMIYO_METRICS[name as keyof typeof TAMIYO_METRICS].means
    : OTHERS[name];
  const type = `# TYPE ${exposed} ${kind === 'gauge' ? 'gauge' : 'counter'}`;
  return help === undefined
    ? [type]
    : [`# HELP ${exposed} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`, type];
}

const OTHERS: Readonly<Record<string, string>> = {
  'tamiyo.events_total': 'Events by name and level.',
  'tamiyo.gnn.feature_coverage_by_type': 'Coverage of one node or edge type.',
};

const exposedName = (name: string): string => name.replace(/[^a-zA-Z0-9_:]/g, '_');

function labelsOf(labels: Readonly<Record<string, string>>): string {
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

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  COMMAND_TYPES,
  type CommandType,
  TELEMETRY_LEVELS,
  type TelemetryEvent,
  type TelemetryLevel,
} from '@esper/leyline';
import { describe, expect, it } from 'vitest';
import { type HealthFacts, healthStatus, healthSummary, priorityIndicator, priorityOf } from '../../src/index.js';

const event = (description: string, level: TelemetryLevel): TelemetryEvent => ({ description, level, attributes: {} });
const facts = (overrides: Partial<HealthFacts>): HealthFacts => ({
  commandType: 'SEED',
  events: [],
  lossDelta: 0,
  lossSpikeMax: 0.15,
  ...overrides,
});

describe('TL-03: status', () => {
  it.each([
    ['a CRITICAL event, even in a pause', { commandType: 'PAUSE', events: [event('x', 'CRITICAL')] }, 'CRITICAL'],
    ['a pause', { commandType: 'PAUSE' }, 'DEGRADED'],
    ['a WARNING', { events: [event('x', 'WARNING')] }, 'DEGRADED'],
    ['an ERROR alone', { events: [event('x', 'ERROR')] }, 'DEGRADED'],
    ['INFO alone', { events: [event('x', 'INFO')] }, 'HEALTHY'],
    ['nothing', {}, 'HEALTHY'],
  ] as const)('TL-03: %s', (_what, given, expected) => {
    expect(healthStatus(facts(given))).toBe(expected);
  });
});

describe('TL-04: summary', () => {
  it.each([
    [
      'the reason of a pause',
      { commandType: 'PAUSE', reason: 'hook_budget', events: [event('x', 'CRITICAL')] },
      'hook_budget',
    ],
    ['a pause without a reason', { commandType: 'PAUSE' }, 'pause'],
    ['the old name of a quarantine', { commandType: 'PAUSE', reason: 'blueprint_high_risk' }, 'bp_high_risk'],
    ['the worst event', { events: [event('bad', 'ERROR'), event('later', 'WARNING'), event('last', 'INFO')] }, 'bad'],
    ['the last of equals', { events: [event('one', 'WARNING'), event('two', 'WARNING')] }, 'two'],
    ['a loss beyond the limit', { lossDelta: 0.16 }, 'loss_spike'],
    ['a loss at the limit', { lossDelta: 0.15 }, 'stable'],
    ['a loss that is no number', { lossDelta: Number.NaN }, 'stable'],
  ] as const)('TL-04: %s', (_what, given, expected) => {
    expect(healthSummary(facts(given))).toBe(expected);
  });
});

interface Case {
  readonly in: {
    readonly type: string;
    readonly risk_reason: string | null;
    readonly events: readonly (readonly [string, number])[];
    readonly loss_delta: number | string;
    readonly max_loss_spike: number;
  };
  readonly out: { readonly priority: string; readonly health: readonly [string, string] };
}

const FOLDER = process.env['TAMIYO_VECTORS'];
const FILE = FOLDER === undefined ? undefined : join(FOLDER, 'priority-health.jsonl');
/** The gaps of RT-03 as they were decided. */
const RT_03_DECIDED = new Set([
  'bsds_hazard_high',
  'conservative_entered',
  'degraded_inputs',
  'command_rejected',
  'evaluator_error',
]);

describe('recorded behaviour of the prototype', () => {
  it.skipIf(FILE === undefined || !existsSync(FILE))(
    'priority-health.jsonl: every difference is one of three, and computed',
    () => {
      const cases = readFileSync(FILE ?? '', 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Case);
      let equal = 0;
      for (const one of cases) {
        const ours = answer(one);
        const [status, summary] = [expectedStatus(one), expectedSummary(one)];
        expect(ours, JSON.stringify(one)).toEqual({ priority: expectedPriority(one), status, summary });
        if (ours.priority === one.out.priority && status === one.out.health[0] && summary === one.out.health[1])
          equal += 1;
      }
      expect(cases.length).toBeGreaterThanOrEqual(1200);
      expect(equal).toBeGreaterThan(300);
    },
  );
});

/** The recorded priority, raised to HIGH by the events that the decision on RT-03 added. */
function expectedPriority({ in: given, out }: Case): string {
  const isRaised = given.events.some(([name, level]) => (level === 2 || level === 3) && RT_03_DECIDED.has(name));
  return isRaised && out.priority === 'MESSAGE_PRIORITY_NORMAL' ? 'MESSAGE_PRIORITY_HIGH' : out.priority;
}

/** The recorded status, except that an ERROR alone is not healthy. */
function expectedStatus({ in: given, out }: Case): string {
  const hasError = given.events.some(([, level]) => level === 3);
  return hasError && out.health[0] === 'HEALTH_STATUS_HEALTHY' ? 'HEALTH_STATUS_DEGRADED' : out.health[0];
}

/** D-40: the worst event, where the prototype took the last one. Same value in all other cases. */
function expectedSummary({ in: given, out }: Case): string {
  if (given.type === 'COMMAND_PAUSE' || given.events.length === 0) return out.health[1];
  const known = given.events.filter(([, level]) => level >= 2 && level <= 4);
  const worst = Math.max(...known.map(([, level]) => level));
  const last = known.filter(([, level]) => level === worst).at(-1);
  if (last !== undefined) return last[0];
  return Number(given.loss_delta) > given.max_loss_spike ? 'loss_spike' : 'stable';
}

function answer({ in: given }: Case): { priority: string; status: string; summary: string } {
  const levels = Object.keys(TELEMETRY_LEVELS) as TelemetryLevel[];
  const events = given.events.map(([description, level]) => event(description, levels[level] ?? 'UNSPECIFIED'));
  const commandType =
    (Object.keys(COMMAND_TYPES) as CommandType[]).find((name) => given.type === `COMMAND_${name}`) ?? 'UNKNOWN';
  const health: HealthFacts = {
    commandType,
    ...(given.risk_reason === null ? {} : { reason: given.risk_reason }),
    events,
    lossDelta: Number(given.loss_delta),
    lossSpikeMax: given.max_loss_spike,
  };
  return {
    priority: priorityIndicator(priorityOf(events)),
    status: `HEALTH_STATUS_${healthStatus(health)}`,
    summary: healthSummary(health),
  };
}

import type { UnixMs } from '@esper/std';
import type { MetricFamily } from '@esper/telemetry/prometheus';
import type { DecisionHost, RunView } from '../../host/decision-host.js';
import { BREAKER_NAMES } from '../../host/operator-action.js';
import { holdInForce } from '../../runs/run-hold.js';
import { hostFamily, hostValue } from './host-family.js';

/** A run that has not been observed for so long says nothing about now: its trainer is gone. */
const ACTIVE_MS = 15 * 60_000;
const BREAKER_STATES = ['closed', 'open', 'half_open', 'forced_open', 'disabled'] as const;

/** How many runs are how. O(runs). */
export function runFamilies(host: Pick<DecisionHost, 'run' | 'runIds'>, nowMs: UnixMs): readonly MetricFamily[] {
  const views = host.runIds().flatMap((id) => host.run(id) ?? []);
  const active = views.filter((view) => isActive(view, nowMs));
  const held = views.filter(({ state }) => holdInForce(state.hold, nowMs) !== undefined).length;
  return [
    hostValue('tamiyo.runs.known', views.length),
    hostValue('tamiyo.runs.active', active.length),
    hostValue('tamiyo.runs.held', held),
    hostValue(
      'tamiyo.runs.pending',
      views.reduce((sum, { pending }) => sum + pending, 0),
    ),
    ...modeFamilies(active, nowMs),
    breakerFamily(active),
  ];
}

function isActive({ state, pending }: RunView, nowMs: UnixMs): boolean {
  const { clock } = state.risk;
  return pending > 0 || (clock !== null && nowMs - (clock.monoMs + clock.offsetMs) <= ACTIVE_MS);
}

function modeFamilies(active: readonly RunView[], nowMs: UnixMs): readonly MetricFamily[] {
  const modes = active.map(({ state }) => state.risk.mode).filter((mode) => mode.kind === 'on');
  const own = modes.filter(({ hold }) => hold === null);
  const longestMs = own.reduce((longest, { enteredWallMs }) => Math.max(longest, nowMs - enteredWallMs), 0);
  return [
    hostFamily('tamiyo.runs.conservative', [
      { labels: { cause: 'engine' }, value: own.length },
      { labels: { cause: 'operator' }, value: modes.length - own.length },
    ]),
    hostValue('tamiyo.runs.conservative_longest_seconds', longestMs / 1000),
  ];
}

function breakerFamily(active: readonly RunView[]): MetricFamily {
  const samples = BREAKER_NAMES.flatMap((breaker) =>
    BREAKER_STATES.map((state) => ({
      labels: { breaker, state },
      value: active.filter((view) => (view.state.risk.breakers[breaker]?.kind ?? 'closed') === state).length,
    })),
  );
  return hostFamily('tamiyo.runs.breakers', samples);
}

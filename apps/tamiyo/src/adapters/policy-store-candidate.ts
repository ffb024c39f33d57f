import type { LiveSlot, PolicyCandidate, Replaced } from '@esper/registry';
import { err, ok } from '@esper/std';
import type { Timers } from '../decision/deadline.js';
import { checkGoldenCases, goldenLatencyMs } from './golden-cases.js';
import { type PolicyRuntime, proveRuntime } from './policy-runtime.js';
import { type HealthLimits, HealthWatch } from './policy-store-health.js';
import type { LiveDecision, ShadowLimits } from './policy-store-shadow.js';
import { ShadowRun } from './policy-store-shadow.js';

/** What a host has in force: a policy in its runtime, or none and why. */
export type InForce =
  | { readonly kind: 'policy'; readonly runtime: PolicyRuntime }
  | { readonly kind: 'none'; readonly why: string };

/** Whoever listens to live decisions for a while. */
export interface LiveWatchers {
  shadow: ShadowRun | undefined;
  health: { readonly watch: HealthWatch; readonly digest: string } | undefined;
  isClosing: boolean;
}

export interface CandidateParts {
  readonly slot: LiveSlot<InForce>;
  readonly watchers: LiveWatchers;
  readonly timers: Timers;
  readonly shadow: ShadowLimits;
  readonly health: HealthLimits;
  /** What a candidate would have commanded; absent as long as the host decides nothing. */
  readonly decide?: (
    runtime: PolicyRuntime,
    live: LiveDecision,
  ) => ReturnType<ConstructorParameters<typeof ShadowRun>[2]>;
}

/** A loaded runtime as a candidate for the slot: see `updatePolicy` for what is asked of it and when. */
export function policyCandidate(runtime: PolicyRuntime, parts: CandidateParts): PolicyCandidate {
  const { slot, watchers } = parts;
  let replaced: Replaced<InForce> | undefined;
  const shadow = shadowOf(runtime, parts);
  return {
    checkGolden: () => proveRuntime(runtime),
    measureLatencyMs: () => goldenLatencyMs(runtime.host, runtime.golden),
    ...(shadow === undefined ? {} : { shadow }),
    swapIn: async () => {
      // Where nothing decided so far there may be no decisions to wait for.
      const limits =
        slot.current().kind === 'none' || watchers.isClosing ? { ...parts.health, decisions: 0 } : parts.health;
      watchers.health = { watch: new HealthWatch(limits, parts.timers), digest: runtime.active.digest };
      replaced = slot.replace({ kind: 'policy', runtime });
    },
    checkHealth: async () => {
      // Asked in force and under load: the golden cases once more, then the first decisions.
      const golden = await checkGoldenCases(runtime.host, runtime.golden);
      const verdict = golden.ok ? await watchers.health?.watch.verdict() : err(golden.error.message);
      watchers.health = undefined;
      return verdict ?? ok(true);
    },
    swapBack: async () => {
      if (replaced !== undefined) await slot.replace(replaced.value).drained;
    },
    settle: async () => {
      watchers.health = undefined;
      await replaced?.drained;
      if (replaced?.value.kind === 'policy') await replaced.value.runtime.host.close();
    },
    close: () => runtime.host.close(),
  };
}

/** Nothing is compared where nothing is live, or where no comparison is asked for. */
function shadowOf(runtime: PolicyRuntime, parts: CandidateParts): PolicyCandidate['shadow'] | undefined {
  const { slot, watchers, decide } = parts;
  if (slot.current().kind === 'none' || decide === undefined || parts.shadow.decisions === 0) return undefined;
  return async () => {
    const run = new ShadowRun(parts.shadow, parts.timers, (live) => decide(runtime, live));
    watchers.shadow = run;
    if (watchers.isClosing) run.end();
    try {
      return await run.report();
    } finally {
      watchers.shadow = undefined;
    }
  };
}

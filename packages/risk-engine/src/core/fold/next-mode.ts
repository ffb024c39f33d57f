import type { TelemetryEvent } from '@esper/leyline';
import { openBreakerNames } from '../breaker/open-breakers.js';
import {
  countDecision,
  MODE_OFF,
  type ModeOn,
  type ModeState,
  mayExit,
  remainderOf,
  triggerMode,
} from '../conservative/mode.js';
import { enteredEvent, exitedEvent } from '../conservative/transition.js';
import type { RiskContext } from '../context.js';
import { elapsedMsOf } from '../state.js';
import type { Judged } from './judgement.js';

/** The mode after a decision, and how it changed: at most one of `entered` and `exited` is set. */
export interface NextMode {
  readonly mode: ModeState;
  readonly trigger: Judged | null;
  readonly entered: TelemetryEvent | null;
  readonly exited: TelemetryEvent | null;
}

const STAYS = { trigger: null, entered: null, exited: null } as const;

const isTrigger = ({ enforced, raw }: Judged): boolean => enforced && raw.entersMode && raw.reason !== '';

/** A good decision is one nothing at all was found against; the mode itself is no finding against the run. */
const isGood = (judged: readonly Judged[]): boolean =>
  judged.every(({ enforced, raw }) => !enforced || raw.reason === '' || raw.standing);

/** Enters on any trigger at once; leaves only when nothing is left to wait for (CM-05). */
export function nextMode(judged: readonly Judged[], context: RiskContext): NextMode {
  const { state, input } = context;
  const elapsedMs = elapsedMsOf(state);
  // In table order, whatever the order of evaluation: the first trigger is announced, the latest is remembered (CM-02).
  const [trigger, ...later] = judged.filter(isTrigger).sort((a, b) => a.index - b.index);
  if (trigger !== undefined) {
    const { reason } = trigger.raw;
    const latest = later.at(-1)?.raw.reason ?? reason;
    const mode = triggerMode(state.mode, latest, { elapsedMs, wallMs: input.at.wallMs });
    return { mode, trigger, entered: state.mode.kind === 'off' ? enteredEvent(reason) : null, exited: null };
  }
  return state.mode.kind === 'off' ? { mode: state.mode, ...STAYS } : stayOrLeave(judged, context, state.mode);
}

function stayOrLeave(judged: readonly Judged[], { state, config }: RiskContext, before: ModeOn): NextMode {
  const elapsedMs = elapsedMsOf(state);
  const mode = countDecision(before, isGood(judged));
  const left = remainderOf(mode, config.conservative, { elapsedMs, openBreakers: openBreakerNames(state) });
  if (config.evaluators.stabilisation !== 'enforce' || !mayExit(left)) return { mode, ...STAYS };
  return { mode: MODE_OFF, ...STAYS, exited: exitedEvent(mode, 'stabilised', { elapsedMs }) };
}

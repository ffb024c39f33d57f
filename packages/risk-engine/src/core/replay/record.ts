import { assertNever } from '@esper/std';
import { assess } from '../assess.js';
import type { BreakerReport, ForcedKind } from '../breaker/breaker.js';
import { askBreaker, reportBreaker } from '../breaker/calls.js';
import type { RiskConfig } from '../config.js';
import { clearConservative, forceBreaker, type OperatorOrder, setConservative } from '../conservative/operator.js';
import { onFailure, type RiskFailure } from '../failure.js';
import { keepLoss } from '../fold/next-state.js';
import type { RiskInput } from '../input.js';
import type { RiskState } from '../state.js';
import type { Instant } from '../time/engine-clock.js';

/** One thing that changed a run's risk state, as it is recorded. A list of them rebuilds every state in between. */
export type RiskRecord =
  /** `withheld` when the decision was assessed and then failed, so that the loss history stayed as it was. */
  | { readonly kind: 'assessed'; readonly input: RiskInput; readonly withheld?: boolean }
  | { readonly kind: 'failed'; readonly failure: RiskFailure }
  | { readonly kind: 'breaker_asked'; readonly name: string; readonly at: Instant }
  | { readonly kind: 'breaker_reported'; readonly name: string; readonly report: BreakerReport; readonly at: Instant }
  | { readonly kind: 'conservative_set'; readonly order: OperatorOrder; readonly at: Instant }
  | { readonly kind: 'conservative_cleared'; readonly order: Omit<OperatorOrder, 'untilMs'>; readonly at: Instant }
  | {
      readonly kind: 'breaker_forced';
      readonly name: string;
      readonly force: ForcedKind;
      readonly order: OperatorOrder;
      readonly at: Instant;
    };

function assessed(state: RiskState, record: Extract<RiskRecord, { kind: 'assessed' }>, config: RiskConfig): RiskState {
  const after = assess(state, record.input, config).state;
  return record.withheld === true ? keepLoss(after, state) : after;
}

/** The state after one record. Deterministic to the bit. */
function applyRecord(state: RiskState, record: RiskRecord, config: RiskConfig): RiskState {
  switch (record.kind) {
    case 'assessed':
      return assessed(state, record, config);
    case 'failed':
      return onFailure(state, record.failure, config).state;
    case 'breaker_asked':
      return askBreaker(state, record, config).state;
    case 'breaker_reported':
      return reportBreaker(state, record, config).state;
    case 'conservative_set':
      return setConservative(state, record.order, record.at).state;
    case 'conservative_cleared':
      return clearConservative(state, record.order, record.at).state;
    case 'breaker_forced':
      return forceBreaker(state, { ...record, kind: record.force }, config).state;
    default:
      return assertNever(record, 'risk record');
  }
}

/** Every state of a run, from the given one on: one more than there are records. */
export function rebuildStates(
  from: RiskState,
  records: readonly RiskRecord[],
  config: RiskConfig,
): readonly RiskState[] {
  const states = [from];
  let state = from;
  for (const record of records) {
    state = applyRecord(state, record, config);
    states.push(state);
  }
  return states;
}

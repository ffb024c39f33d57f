import type { CommandDraft, TelemetryEvent } from '@esper/leyline';
import { RiskError } from '../errors.js';
import type { RiskConfig } from './config.js';
import type { RiskContext } from './context.js';
import type { Evaluator } from './evaluators/evaluator.js';
import { EVALUATORS } from './evaluators/table.js';
import type { Finding } from './finding.js';
import { finalAnnotations } from './fold/annotations.js';
import { finalCommand } from './fold/command.js';
import { eventsOf } from './fold/events.js';
import { type Judgement, judgeAll } from './fold/judgement.js';
import { nextMode } from './fold/next-mode.js';
import { nextState } from './fold/next-state.js';
import { judgeQuota } from './fold/quota.js';
import { foldFindings, publish, tightens } from './fold/verdict.js';
import type { RiskInput } from './input.js';
import { observe } from './observe.js';
import { readSignals } from './signals/read-signals.js';
import type { RiskState } from './state.js';

/** What the risk engine makes of a proposal. */
export interface Assessment {
  /** The final command: type, payload, the annotations the engine owns, and `decision.risk`. */
  readonly command: CommandDraft;
  /** Every finding of every evaluator that is not off, in table order. */
  readonly findings: readonly Finding[];
  /** For the decision's telemetry packet, in order. */
  readonly events: readonly TelemetryEvent[];
  /** The decision itself as an event: every decision has one, found against or not (RE-70). */
  readonly decisionEvent: TelemetryEvent;
  /** The finding that decided; `undefined` when the policy's proposal stands unopposed. */
  readonly deciding: Finding | undefined;
  /** The deciding reason, or `policy`. */
  readonly reason: string;
  /** Every reason found, the deciding one first. */
  readonly reasons: readonly string[];
  /** True when the command's type is not the one proposed. */
  readonly changed: boolean;
  /** True while conservative mode shapes this decision: it was on before, or this decision entered it (CM-07). */
  readonly conservative: boolean;
  /** The state after this decision. Keep it only when the decision became durable; see `keepLoss`. */
  readonly state: RiskState;
}

/**
 * Assesses one proposal. Pure and total: the same state, input and configuration give the same result to the bit.
 * Throws `RiskError` RISK_COMMAND_UNKNOWN for a proposal without a type, and nothing else on account of its input.
 */
export const assess = (state: RiskState, input: RiskInput, config: RiskConfig): Assessment =>
  assessWith(EVALUATORS, state, { input, config });

/** {@link assess} with another table of evaluators: what the order and fault tests drive. */
export function assessWith(
  table: readonly Evaluator[],
  before: RiskState,
  { input, config }: { readonly input: RiskInput; readonly config: RiskConfig },
): Assessment {
  const { draft } = input;
  if (draft.commandType === 'UNKNOWN') {
    throw new RiskError('RISK_COMMAND_UNKNOWN', 'the policy proposed a command of type UNKNOWN');
  }
  const observed = observe(before, input.at);
  const { readings, seenMs } = readSignals(input, observed.state, config);
  const context: RiskContext = {
    draft,
    seed: draft.commandType === 'SEED',
    input,
    readings,
    state: observed.state,
    config,
  };
  const judgement = judgeAll(table, context);
  return conclude(judgement, context, { seenMs, earlier: observed.events });
}

function conclude(
  first: Judgement,
  context: RiskContext,
  more: { readonly seenMs: RiskState['seenMs']; readonly earlier: readonly TelemetryEvent[] },
): Assessment {
  const { draft, config, state } = context;
  const quota = judgeQuota(first, foldFindings(first.judged), context);
  const { verdicts } = quota;
  const { judged, sequence } = quota.judgement;
  const mode = nextMode(judged, context);
  const conservative = state.mode.kind === 'on' || mode.entered !== null;
  const changed = tightens(draft, verdicts.mitigation);
  const risk = {
    reason: verdicts.reason,
    reasons: verdicts.reasons,
    conservative,
    changed,
    ...(config.digest === undefined ? {} : { configDigest: config.digest }),
  };
  const annotations = finalAnnotations(context, verdicts.reason);
  const command = finalCommand(draft, verdicts, { config, annotations, risk });
  const findings = judged.map((entry) => publish(entry, verdicts.acting, draft));
  const deciding = verdicts.deciding === undefined ? undefined : findings[judged.indexOf(verdicts.deciding)];
  return {
    command,
    findings,
    events: [...more.earlier, ...eventsOf(sequence, mode)],
    decisionEvent: decisionEvent(verdicts.reason, [draft, command], deciding),
    deciding,
    reason: verdicts.reason,
    reasons: verdicts.reasons,
    changed,
    conservative,
    state: nextState(context, { command, mode: mode.mode, quota: quota.state, seenMs: more.seenMs }),
  };
}

function decisionEvent(
  reason: string,
  [draft, command]: readonly [CommandDraft, CommandDraft],
  deciding: Finding | undefined,
): TelemetryEvent {
  return {
    description: 'risk_decision',
    level: 'INFO',
    attributes: {
      reason,
      command: command.commandType,
      proposed: draft.commandType,
      ...(deciding?.counterfactual == null ? {} : { because: deciding.counterfactual }),
    },
  };
}

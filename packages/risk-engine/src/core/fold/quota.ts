import { type PauseQuotaState, takePause } from '../beyond/pause-quota.js';
import type { RiskContext } from '../context.js';
import { finding, type RawFinding } from '../finding.js';
import { severityOf } from '../severity.js';
import { elapsedMsOf } from '../state.js';
import type { Judged, Judgement } from './judgement.js';
import { foldFindings, tightens, type Verdicts } from './verdict.js';

/** The judgement with what the pause quota adds. */
export interface QuotaStep {
  readonly judgement: Judgement;
  readonly verdicts: Verdicts;
  readonly state: PauseQuotaState;
}

function spentFinding({ config }: RiskContext): RawFinding {
  const { escalation, pausesMax, windowMs } = config.pauseQuota;
  const halts = escalation === 'emergency';
  return finding({
    signal: 'pause_quota',
    value: pausesMax,
    threshold: pausesMax,
    comparison: '>=',
    verdict: halts ? 'fail' : 'warn',
    mitigation: halts ? 'emergency' : 'none',
    otherwise: 'pause',
    reason: 'pause_quota_exhausted',
    level: 'CRITICAL',
    attributes: { pauses_max: String(pausesMax), window_ms: String(windowMs), escalation },
    entersMode: false,
    event: 'pause_quota_exhausted',
  });
}

/** True when this decision stops the run where it was going: a pause or graver, and no mode it was already under. */
function beginsPause({ mitigation }: Verdicts, { draft, state }: RiskContext): boolean {
  if (state.mode.kind === 'on') return false;
  return severityOf(mitigation) >= severityOf('pause') && tightens(draft, mitigation);
}

/** Counts the pauses the engine orders by itself; beyond the quota it calls for somebody (G-14). Never allows more. */
export function judgeQuota(judgement: Judgement, verdicts: Verdicts, context: RiskContext): QuotaStep {
  const { pauseQuota } = context.config;
  const { state } = context;
  if (pauseQuota.mode === 'off') return { judgement, verdicts, state: state.pauseQuota };
  const now = { elapsedMs: elapsedMsOf(state), paused: beginsPause(verdicts, context) };
  const step = takePause(state.pauseQuota, now, pauseQuota);
  if (!step.spent) return { judgement, verdicts, state: step.state };
  const entry: Judged = {
    evaluator: 'pause_quota',
    raw: spentFinding(context),
    enforced: pauseQuota.mode === 'enforce',
    index: Number.MAX_SAFE_INTEGER,
  };
  const judged = [...judgement.judged, entry];
  return {
    judgement: { judged, sequence: [...judgement.sequence, entry] },
    verdicts: foldFindings(judged),
    state: step.state,
  };
}

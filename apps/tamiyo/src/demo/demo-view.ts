import type { TrainerEvent } from '@esper/harness';
import type { Output } from '../cli/output.js';
import type { Host } from '../compose.js';
import type { Delivered } from '../stages/stages.js';
import type { DemoFiles } from './demo-files.js';
import type { DemoRun } from './demo-run-id.js';
import type { ChangedDecision } from './demo-tally.js';
import type { DemoPlan, DemoView } from './run-demo.js';

/** Events that a viewer wants to see as they happen; the rest is counted. */
const SHOWN = new Set([
  'tolaria.fault_injected',
  'tolaria.run_resumed',
  'tolaria.rollback.restored',
  'tolaria.rollback.restore_failed',
  'tolaria.emergency.halt',
  'tolaria.tamiyo_error',
  'tolaria.tamiyo_timeout',
  'tolaria.conservative_entered',
  'tolaria.conservative_exited',
  'kasmina.command_rejected',
  'kasmina.seed_stage',
]);

/** The live view: a progress bar, a line per interesting event; in JSON mode one object per event. */
export function demoView(
  output: Output,
  given: { readonly steps: number; readonly plan: DemoPlan; readonly run: DemoRun },
): DemoView {
  let lastReason = '';
  let lastFault = '';
  return {
    ready: (host, files) => showReady(output, { ...given, host, files }),
    decision: (step, delivered, changed) => {
      const { identity, command, assessment, totalMs } = delivered;
      output.object({
        type: 'decision',
        step,
        commandId: identity.commandId,
        sequence: identity.sequence,
        issuerEpoch: identity.issuerEpoch,
        command: command.commandType,
        reason: assessment.reason,
        changed: assessment.changed,
        totalMs,
      });
      const { reason } = assessment;
      // A reason that lasts is told once, not at every step.
      if (reason !== 'policy' && reason !== lastReason) output.line(riskLine(step, { delivered, changed }, output));
      lastReason = reason === 'policy' && assessment.conservative ? lastReason : reason;
    },
    failure: (step, error) => {
      output.object({ type: 'failure', step, code: error.code, message: error.message });
      output.line(`${label(step)} ${output.style('red', 'failed')} ${error.code}: ${error.message}`);
    },
    event: (event) => {
      output.object({ type: 'event', ...event });
      const fault = event.name === 'tolaria.fault_injected' ? (event.attributes['kind'] ?? '') : '';
      if (SHOWN.has(event.name) && (fault === '' || fault !== lastFault)) output.line(eventLine(event, output));
      if (fault !== '') lastFault = fault;
    },
    step: (message) => {
      output.object(message);
      output.progress(
        message.step,
        given.steps,
        `accuracy ${(100 * message.validationAccuracy).toFixed(1).padStart(5)} %  loss ${message.validationLoss.toFixed(3)}`,
      );
    },
  };
}

const label = (step: number): string => `step ${String(step).padStart(4)}`;

function eventLine(event: TrainerEvent, output: Output): string {
  const style =
    event.level === 'CRITICAL' || event.level === 'ERROR' ? 'red' : event.level === 'WARNING' ? 'yellow' : 'cyan';
  const attributes = Object.entries(event.attributes)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
  return `${label(event.step)} ${output.style(style, event.name.replace(/^(tolaria|kasmina)\./, ''))}  ${attributes}`;
}

function riskLine(
  step: number,
  found: { readonly delivered: Delivered; readonly changed: ChangedDecision | undefined },
  output: Output,
): string {
  const { command, proposed, assessment } = found.delivered;
  const outcome =
    found.changed === undefined
      ? `${command.commandType} as proposed`
      : `${proposed.commandType} → ${command.commandType}`;
  const why = typeof assessment.deciding?.counterfactual === 'string' ? assessment.deciding.counterfactual : '';
  return `${label(step)} ${output.style('yellow', 'risk')}  ${output.style('bold', outcome)}  ${assessment.reason}${why === '' ? '' : `: ${why}`}`;
}

const runLine = ({ trainingRunId, interrupted }: DemoRun): string =>
  `  run        ${trainingRunId}${interrupted ? ': it was interrupted; sequence numbers, mode and breakers go on where they were' : ''}`;

interface Ready {
  readonly steps: number;
  readonly plan: DemoPlan;
  readonly run: DemoRun;
  readonly host: Host;
  readonly files: DemoFiles;
}

function showReady(output: Output, shown: Ready): void {
  const runtime = shown.host.policies.current();
  const origin = runtime?.bundle.manifest.origin;
  const mix = origin?.kind === 'untrained' ? origin.actionPrior : {};
  output.object({
    type: 'ready',
    trainingRunId: shown.run.trainingRunId,
    interrupted: shown.run.interrupted,
    policy: runtime?.active.digest ?? '',
    untrained: origin?.kind === 'untrained',
    mix,
    issuerEpoch: shown.host.issuerEpoch,
    recovered: shown.host.recovered.counts,
  });
  output.line(output.style('bold', 'Tamiyo demo'));
  output.line(
    `  policy     ${shown.files.policyMade ? 'made now' : 'found'}: an untrained network; what it proposes is a draw from a stated mix (${Object.entries(
      mix,
    )
      .map(([name, share]) => `${name} ${share}`)
      .join(', ')})`,
  );
  output.line(runLine(shown.run));
  output.line(
    `  log        ${shown.host.recovered.counts.decision} decisions from earlier runs; this is issuer epoch ${shown.host.issuerEpoch}`,
  );
  output.line(
    `  planned    ${shown.steps} steps; a forged and a replayed command, and a learning-rate spike at step ${shown.plan.spikeStep}`,
  );
  output.line();
}

import { systemClock } from '@esper/std/node';
import { buildRejectionPacket } from '@esper/telemetry';
import { assertion } from '../core/outcome.js';
import { driveRun } from '../drive/drive-run.js';
import { runKpis } from '../drive/run-kpis.js';
import { alwaysPromised, type Watched, withHost } from '../drive/with-host.js';
import type { Scenario, ScenarioRequest } from './scenario.js';

const RUN = 'emergency-storm';
/** CRITICAL packets in each step of the storm. */
const PER_STEP = 60;

function storm({ host }: Watched): void {
  for (let sent = 0; sent < PER_STEP; sent += 1) {
    const timestampMs = systemClock.wallMs();
    host.telemetry.emit(buildRejectionPacket({ reason: 'invalid_signature', trainingRunId: RUN, timestampMs }));
  }
}

async function run(request: ScenarioRequest) {
  const [from, to] = [Math.floor(request.steps / 3), Math.floor((2 * request.steps) / 3)];
  let raised = 0;
  const seen = await withHost(request, (at) =>
    driveRun(at, {
      trainingRunId: RUN,
      seed: request.seed,
      steps: request.steps,
      onStep: (step) => request.progress(step, request.steps),
      beforeDecision: async (step) => {
        if (step < from || step >= to) return;
        raised += PER_STEP;
        storm(at);
        if (request.sabotaged) at.disk.fault = { folders: ['telemetry', 'bus'], code: 'EIO' };
      },
    }),
  );
  const { decisions } = seen.found.recorder.recording;
  const slow = decisions.filter(({ totalMs }) => totalMs > 8_000).length;
  const account = seen.emergencyLane;
  return {
    assertions: [
      assertion(
        'every decision was made through the storm',
        decisions.length === request.steps,
        `${decisions.length} of ${request.steps}`,
      ),
      assertion('none was late', slow === 0, slow),
      assertion(
        'every CRITICAL packet is delivered, alone or in a summary, or still queued',
        account.dropped === 0 && account.emitted >= raised,
        `${account.emitted} emitted, ${account.delivered} delivered, ${account.queued} queued, ${account.dropped} dropped`,
      ),
      assertion(
        'the emergency stream was not flooded',
        seen.watch.emergencies('command_rejected') < raised,
        `${seen.watch.emergencies('command_rejected')} of ${raised} alone`,
      ),
      ...alwaysPromised([seen.found], seen),
    ],
    kpis: { ...seen.hostKpis, ...runKpis([seen.found], seen.seconds) },
    recordings: [
      {
        ...seen.found.recorder.recording,
        samples: seen.samples,
        marks: [
          { step: from, name: 'storm begins', detail: `${PER_STEP} CRITICAL packets a step` },
          { step: to, name: 'storm ends', detail: '' },
        ],
      },
    ],
    extra: { raised, ...account },
  };
}

export const emergencyStorm: Scenario = {
  about:
    'Sixty CRITICAL packets at every step for a third of the run: decisions keep their time, the stream is not flooded, nothing is lost.',
  sabotage: 'What makes CRITICAL telemetry durable is broken.',
  steps: { short: 60, usual: 150 },
  run,
};

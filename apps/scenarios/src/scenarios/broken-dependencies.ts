import { type Assertion, assertion } from '../core/outcome.js';
import type { DrivenRun } from '../drive/drive-run.js';
import { hangInference } from '../drive/hung-processes.js';
import type { Observed } from '../drive/with-host.js';
import { type FaultSteps, faultWindow } from './fault-window.js';
import type { Scenario } from './scenario.js';

/** Failures of a window by code, as the trainer's side saw them. */
const failuresOf = ({ found }: Observed<DrivenRun>, code: string) =>
  found.recorder.recording.failures.filter((failure) => failure.code === code);

function failedLoudly(seen: Observed<DrivenRun>, code: string, event: string): readonly Assertion[] {
  const failures = failuresOf(seen, code);
  return [
    assertion(`decisions failed with ${code}`, failures.length > 0, failures.length),
    assertion(
      `each such failure stands in the log`,
      (seen.log.failures[code] ?? 0) >= failures.length,
      seen.log.failures[code] ?? 0,
    ),
    assertion(
      `${event} was seen on the emergency stream`,
      seen.watch.emergencies(event) > 0,
      seen.watch.emergencies(event),
    ),
    assertion('the trainer went on through it', seen.found.summary.halted === undefined, seen.found.summary.steps),
  ];
}

/** No answer took longer than the decision's deadline, with room for a busy machine. */
function onTime({ found }: Observed<DrivenRun>, limitMs: number): Assertion {
  const slowest = Math.max(0, ...found.recorder.recording.failures.map(({ waitedMs }) => waitedMs));
  return assertion(`a failure is told within ${limitMs} ms`, slowest <= limitMs, `${slowest.toFixed(0)} ms at worst`);
}

export const inferenceTimeout: Scenario = faultWindow({
  name: 'inference-timeout',
  about:
    'The process that runs the network hangs (SIGSTOP) again and again: decisions fail on time, a warm standby serves the next.',
  sabotage: 'No deadline for inference.',
  steps: { short: 60, usual: 180 },
  settings: { 'deadlines.inferenceMs': 150, 'deadlines.decisionMs': 5_000, 'inference.host': 'process' },
  sabotagedSettings: { 'deadlines.inferenceMs': 0 },
  begin: () => hangInference().then(() => undefined),
  end: () => undefined,
  promises: (seen) => [...failedLoudly(seen, 'TIMEOUT_INFERENCE', 'timeout_inference'), onTime(seen, 1_500)],
});

export const metadataTimeout: Scenario = faultWindow({
  name: 'metadata-timeout',
  about: 'The blueprint library answers too late for a while: no command is made without it.',
  sabotage: 'The library is as fast as ever: the fault does nothing.',
  steps: { short: 60, usual: 180 },
  settings: { 'deadlines.metadataMs': 60 },
  begin: ({ library }, { sabotaged }) => {
    library.delayMs = sabotaged ? 0 : 200;
  },
  end: ({ library }) => {
    library.delayMs = 0;
  },
  promises: (seen, window) => [
    ...failedLoudly(seen, 'TIMEOUT_URZA', 'timeout_urza'),
    onTime(seen, 1_500),
    assertion(
      'the breaker spared the library',
      failuresOf(seen, 'BREAKER_OPEN').length > 0,
      failuresOf(seen, 'BREAKER_OPEN').length,
    ),
    noneInside(seen, window),
  ],
});

export const diskFull: Scenario = faultWindow({
  name: 'disk-full',
  about: 'The disk of the log is full for a while: without a durable record no command leaves.',
  sabotage: 'Only the bus is on the full disk, not the log.',
  steps: { short: 60, usual: 180 },
  begin: ({ disk }, { sabotaged }) => {
    disk.fault = { folders: [sabotaged ? 'bus' : 'log'], code: 'ENOSPC' };
  },
  end: ({ disk }) => {
    disk.fault = undefined;
  },
  promises: (seen, window) => [
    assertion(
      'decisions failed with RECORD_FAILED',
      failuresOf(seen, 'RECORD_FAILED').length > 0,
      failuresOf(seen, 'RECORD_FAILED').length,
    ),
    noneInside(seen, window),
    assertion('the trainer went on through it', seen.found.summary.halted === undefined, seen.found.summary.steps),
  ],
});

/** No command left while the thing it needs was broken. */
function noneInside({ found }: Observed<DrivenRun>, { from, to }: FaultSteps): Assertion {
  const inside = found.recorder.recording.decisions.filter(({ step }) => step >= from && step < to).length;
  return assertion('no command left while it was broken', inside === 0, inside);
}

export const busOutage: Scenario = faultWindow({
  name: 'bus-outage',
  about: 'The bus takes nothing for a while: decisions go on, telemetry waits, and nothing CRITICAL is lost.',
  sabotage: 'The journal that keeps telemetry meanwhile fails with it, and neither comes back.',
  steps: { short: 60, usual: 180 },
  // Early in the window, so that they are reported well before it ends on a busy machine too.
  trainerFaults: (steps) => [{ kind: 'forged_command', atStep: Math.floor(steps / 3) + 1, steps: 3, value: 0 }],
  begin: ({ disk }, { sabotaged }) => {
    disk.fault = { folders: sabotaged ? ['bus', 'telemetry'] : ['bus'], code: 'ENOSPC' };
  },
  end: ({ disk }, { sabotaged }) => {
    if (!sabotaged) disk.fault = undefined;
  },
  promises: (seen, { from, to }) => {
    const inside = seen.found.recorder.recording.decisions.filter(({ step }) => step >= from && step < to).length;
    const refused = seen.watch.emergencies('command_rejected');
    return [
      assertion('decisions went on meanwhile', inside >= to - from - 1, `${inside} of ${to - from}`),
      assertion('every CRITICAL event raised meanwhile arrived afterwards', refused >= 3, `${refused} of 3`),
    ];
  },
});

import type { SystemStatePacket } from '@esper/leyline';
import { type Assertion, assertion } from '../core/outcome.js';
import { type DrivenRun, driveRun } from '../drive/drive-run.js';
import { type StartWithout, startWithout } from '../drive/hidden-file.js';
import { runKpis } from '../drive/run-kpis.js';
import { alwaysPromised, type Watched, withHost } from '../drive/with-host.js';
import type { Scenario, ScenarioRequest } from './scenario.js';

const RUN = 'dependency-drill';

/** What a start needs, and how it must be refused without it. */
const NEEDED_TO_START = {
  'policy/manifest.json': 'POLICY_MISSING',
  'policy/policy.onnx': 'BUNDLE_FILE_MISSING',
  'catalogue.json': 'CATALOGUE_MISSING',
} as const;

/** A packet that lacks something a command depends on, and the code it must fail with. */
const LACKING = {
  'its id': { code: 'PACKET_INVALID', change: { packetId: '' } },
  'its run': { code: 'PACKET_INVALID', change: { trainingRunId: '' } },
} as const;

interface Lacking {
  readonly what: string;
  readonly wanted: string;
  readonly code: string;
}

/** Good packets made poor: each must fail by name, and none may get a command. */
async function sendLacking(at: Watched, good: SystemStatePacket, sabotaged: boolean): Promise<readonly Lacking[]> {
  const found: Lacking[] = [];
  for (const [what, { code: wanted, change }] of Object.entries(LACKING)) {
    const packet = { ...good, packetId: `${RUN}-without-${found.length}`, ...(sabotaged ? {} : change) };
    const outcome = await at.host.decide(RUN, packet);
    found.push({ what, wanted, code: outcome.ok ? 'decided' : outcome.error.code });
  }
  return found;
}

interface Drilled {
  readonly run: DrivenRun;
  readonly lacking: readonly Lacking[];
}

/** For the first half of the run the library has forgotten every blueprint that it offers. */
async function drillRun(at: Watched, { seed, steps, sabotaged, progress }: ScenarioRequest): Promise<Drilled> {
  let last: SystemStatePacket | undefined;
  at.library.forgets = !sabotaged;
  const run = await driveRun(at, {
    trainingRunId: RUN,
    seed,
    steps,
    beforeDecision: (step, packet) => {
      last = packet;
      if (step === backAt(steps)) at.library.forgets = false;
    },
    onStep: (step) => progress(step, steps),
  });
  if (last === undefined) throw new Error('the trainer sent no packet');
  return { run, lacking: await sendLacking(at, last, sabotaged) };
}

const backAt = (steps: number): number => Math.floor(steps / 2);

async function run(request: ScenarioRequest) {
  const starts: StartWithout[] = [];
  for (const artefact of Object.keys(NEEDED_TO_START)) {
    request.say(`a start without ${artefact}`);
    starts.push(await startWithout(request.dataDir, artefact, !request.sabotaged));
  }
  request.say('a library that has forgotten its blueprints');
  const seen = await withHost(request, (at) => drillRun(at, request));
  const { run: driven, lacking } = seen.found;
  const { decisions, failures } = driven.recorder.recording;
  const violations = failures.filter(({ code }) => code === 'DEPENDENCY_VIOLATION');
  const grafts = decisions.filter(({ step, command }) => step < backAt(request.steps) && command === 'SEED').length;
  const told = seen.watch.emergencies('dependency_guard.violation');
  const after = decisions.filter(({ step }) => step >= backAt(request.steps)).length;
  return {
    assertions: [
      ...starts.map(refusedByName),
      assertion('a graft of a forgotten blueprint fails as a violation', violations.length > 0, violations.length),
      assertion('no forgotten blueprint was grafted', grafts === 0, grafts),
      assertion('violations were seen on the emergency stream', told > 0, told),
      assertion(
        'each violation stands in the log',
        (seen.log.failures['DEPENDENCY_VIOLATION'] ?? 0) >= violations.length,
        seen.log.failures['DEPENDENCY_VIOLATION'] ?? 0,
      ),
      ...lacking.map(({ what, wanted, code }) =>
        assertion(`a packet without ${what} gets no command`, code === wanted, code),
      ),
      assertion('the host decides once the library is back', after > 0, after),
      ...alwaysPromised([driven], seen),
    ],
    kpis: { ...seen.hostKpis, ...runKpis([driven], seen.seconds) },
    recordings: [
      {
        ...driven.recorder.recording,
        samples: seen.samples,
        marks: [{ step: backAt(request.steps), name: 'the library is back', detail: '' }],
      },
    ],
    extra: { starts, lacking, failuresByCode: seen.log.failures },
  };
}

function refusedByName({ artefact, code, next }: StartWithout): Assertion {
  const wanted = NEEDED_TO_START[artefact as keyof typeof NEEDED_TO_START];
  return assertion(`a start without ${artefact} is refused, with what to do`, code === wanted && next !== '', code);
}

export const dependencyDrill: Scenario = {
  about:
    'What everything depends on is not there: a file of the policy, the catalogue, the blueprints of the library, the run of a packet. Each is missed by name, and no command is made without it.',
  sabotage: 'Nothing is missing: the drill must notice that it drilled nothing.',
  steps: { short: 80, usual: 160 },
  run,
};

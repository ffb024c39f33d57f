import { join } from 'node:path';
import { createKeyRing, createReplayGuard, createVerifier } from '../../../packages/command-verifier/src/index.ts';
import { hmacKey } from '../../../packages/command-verifier/src/node.ts';
import { writeCatalogue } from '../../../packages/registry/src/node.ts';
import { systemClock } from '../../../packages/std/src/node.ts';
import { buildBlueprint } from '../../../packages/testkit/src/index.ts';
import { type Scene, type Stage, Steps, step } from './scene.ts';

const GRAFTS = 0.9;

/** What an executing side with another secret says about the commands it is given: a real verifier refuses them. */
async function wrongKey(stage: Stage): Promise<void> {
  const service = await stage.open({ dataDir: await stage.folder() });
  const steps = new Steps();
  const dates = { createdAtMs: 1, notBeforeMs: 0, notAfterMs: 8_640_000_000_000_000 };
  const verifier = createVerifier({
    keyRing: createKeyRing([
      { keyId: 'drill', state: 'current', ...dates, material: hmacKey(new Uint8Array(32).fill(9)) },
    ]),
    clock: systemClock,
    replay: createReplayGuard({ clock: systemClock }),
    audience: { trainingRunId: steps.run, consumer: 'kasmina' },
  });
  let refused = 0;
  await stage.until(['TamiyoVerifierRejections/so'], async () => {
    const trainingMetrics = { 'kasmina.command_verifier.rejections_total': refused };
    const bytes = await step(service, steps.next({ trainingMetrics }));
    if (bytes === undefined) return;
    if (!(await verifier.verify(bytes)).ok) refused += 1;
  });
}

const bsds = (hazardBand: 'CRITICAL' | 'HIGH', risk: number, fires: readonly string[]): Scene => ({
  name: `blueprints with ${hazardBand} sheets`,
  fault: `the catalogue has only blueprints of risk ${risk} whose safety sheets say ${hazardBand}`,
  fires,
  play: async (stage) => {
    const dataDir = await stage.folder();
    const sheet = { ...buildBlueprint().sheet, signature: 'valid' as const, hazardBand };
    const blueprints = ['a', 'b'].map((blueprintId) => buildBlueprint({ blueprintId, risk, sheet }));
    await writeCatalogue(join(dataDir, 'catalogue.json'), blueprints);
    const service = await stage.open({ dataDir, grafts: GRAFTS, settings: { profile: 'harness' } });
    await stage.until(fires, async () => void (await step(service, new Steps().next())));
  },
});

/** What training runs do. */
export const RUN_SCENES: readonly Scene[] = [
  {
    name: 'a trainer with another secret',
    fault: 'a verifier with another secret refuses every command, and its trainer reports the count',
    fires: ['TamiyoVerifierRejections/so'],
    play: wrongKey,
  },
  {
    name: 'a library that forgot its blueprints',
    fault: 'the library offers blueprints and finds none of them when asked',
    fires: ['TamiyoDependencyViolation/happened'],
    play: async (stage) => {
      const service = await stage.open({
        dataDir: await stage.folder(),
        grafts: GRAFTS,
        faults: {
          blueprints: (library) => ({
            candidates: () => library.candidates(),
            lookup: async () => undefined,
            knownIds: () => new Set(),
          }),
        },
      });
      await stage.until(['TamiyoDependencyViolation/happened'], async () => {
        await step(service, new Steps().next());
      });
    },
  },
  bsds('CRITICAL', 0.9, ['TamiyoBsdsCritical/happened', 'TamiyoBsdsElevatedRisk/so']),
  bsds('HIGH', 0.3, ['TamiyoBsdsHigh/happened']),
  {
    name: 'a loss that explodes after each graft',
    fault: 'the loss jumps after structural changes of a run that may not be rolled back any more',
    fires: ['TamiyoRollbackSpent/happened', 'TamiyoPauseQuotaSpent/happened'],
    play: async (stage) => {
      const settings = { profile: 'harness', 'risk.rollbackDirectivesMax': 0 };
      const dataDir = await stage.folder();
      await writeCatalogue(join(dataDir, 'catalogue.json'), [buildBlueprint({ risk: 0.1 })]);
      const service = await stage.open({ dataDir, grafts: GRAFTS, settings });
      const steps = new Steps();
      // Long enough well for the mode to end, so that each jump begins a pause of its own.
      await stage.until(['TamiyoRollbackSpent/happened', 'TamiyoPauseQuotaSpent/happened'], async () => {
        await step(service, steps.next({ validationLoss: steps.taken % 12 === 11 ? 5 : 0.75 }));
      });
    },
  },
];

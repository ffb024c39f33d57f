import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  createKeyRing,
  createReplayGuard,
  createSealer,
  createVerifier,
  type KeyRingHolder,
  type OpenedJournal,
} from '@esper/command-verifier';
import { hmacKey, openWatermarkFile, randomIds } from '@esper/command-verifier/node';
import { type AdmissionProbe, createAdmissionProbe } from '@esper/command-verifier/testing';
import type { CommandDraft } from '@esper/leyline';
import { FakeClock, tempFolder } from '@esper/testkit';
import { type DrillFlags, type DrillOutcome, runDrill } from '../tools/drill/drill.ts';

const BATCH = 500;
const WARM_BATCHES = 8;
const BATCHES = 60;
const LIVE = { '1k': 1_000, '100k': 100_000, '1m': 1_000_000 } as const;
const PERSISTED = 2_000;
/** Between two commands of the run, when persistence is measured: a hundred commands a second. */
const COMMAND_EVERY_MS = 10;

const RATIO_TO_BARE_MIN = 0.6;
const RATIO_1M_TO_1K_MAX = 1.25;

const AUDIENCE = { trainingRunId: 'run-1', consumer: 'kasmina' };

/** A blended SEED, as the policy makes them: about 600 bytes sealed. */
const draft: CommandDraft = {
  version: 1,
  commandType: 'SEED',
  targetSeedId: 'seed-1',
  seedOperation: {
    operation: 'GERMINATE',
    blueprintId: 'BP001',
    parameters: { alpha: 0.1, blending_schedule_start: 0, blending_schedule_end: 0.35 },
  },
  issuedBy: 'tamiyo',
  annotations: {
    training_run_id: 'run-1',
    mesh_host_layers: '["layers.0.weight","layers.0.bias","layers.2.weight"]',
    risk_reason: 'policy',
    blend_mode: 'CONVEX',
    policy_risk_score: '0.123456',
    policy_value_estimate: '0.654321',
    feature_coverage: '0.913',
  },
};

interface Parts {
  readonly clock: FakeClock;
  readonly keyRing: KeyRingHolder;
  readonly key: KeyObject;
}

function makeParts(): Parts {
  const clock = new FakeClock();
  const secret = randomBytes(32);
  const dates = { createdAtMs: 0, notBeforeMs: 0, notAfterMs: 2 ** 42 };
  const keyRing = createKeyRing([{ keyId: 'bench', state: 'current', ...dates, material: hmacKey(secret) }]);
  return { clock, keyRing, key: createSecretKey(secret) };
}

function sealMany({ clock, keyRing }: Parts, count: number, everyMs: number): readonly Uint8Array[] {
  const sealer = createSealer({ keyRing, clock, ids: randomIds });
  return Array.from({ length: count }, (_, index) => {
    clock.advance(everyMs);
    return sealer.seal(draft, { ...AUDIENCE, issuerEpoch: 1, sequence: index + 1, expiresInMs: 50_000 }).bytes;
  });
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** Processor time, so that other programs on the machine are not measured; in nanoseconds per command. */
function timed(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / BATCH;
}

/** Nanoseconds per command of each contender, batch by batch; the order turns from batch to batch. */
function interleave(parts: Parts): Readonly<Record<'bare' | keyof typeof LIVE, number[]>> {
  const envelopes = sealMany(parts, (WARM_BATCHES + BATCHES) * BATCH, 0);
  const nonces = { ring: parts.keyRing.current(), audience: AUDIENCE, now: parts.clock.wallMs() };
  const probes = Object.entries(LIVE).map(([name, liveNonces]): [string, AdmissionProbe] => [
    name,
    createAdmissionProbe({ ...nonces, liveNonces, nextNonce: () => randomBytes(16) }),
  ]);
  const contenders: [string, (bytes: Uint8Array) => void][] = [
    ['bare', (bytes) => void createHmac('sha256', parts.key).update(bytes).digest()],
    ...probes.map(([name, probe]): [string, (bytes: Uint8Array) => void] => [name, (bytes) => mustAdmit(probe, bytes)]),
  ];
  const times: Record<string, number[]> = { bare: [], '1k': [], '100k': [], '1m': [] };
  for (let batch = 0; batch < WARM_BATCHES + BATCHES; batch++) {
    const commands = envelopes.slice(batch * BATCH, (batch + 1) * BATCH);
    for (let turn = 0; turn < contenders.length; turn++) {
      const [name, work] = contenders[(batch + turn) % contenders.length] ?? ['', () => undefined];
      const perCommand = timed(() => {
        for (const bytes of commands) work(bytes);
      });
      if (batch >= WARM_BATCHES) times[name]?.push(perCommand);
    }
  }
  return times as Record<'bare' | keyof typeof LIVE, number[]>;
}

function mustAdmit(probe: AdmissionProbe, bytes: Uint8Array): void {
  const answer = probe.admit(bytes);
  if (answer !== 'ok') throw new Error(`the benchmark's own command was refused: ${answer}`);
}

/** Whole verifications per second, decode included, one after the other. */
async function verifyPerSecond(everyMs: number, opened?: OpenedJournal): Promise<number> {
  const parts = makeParts();
  const { clock, keyRing } = parts;
  const startMs = clock.wallMs();
  const envelopes = sealMany(parts, PERSISTED, everyMs);
  clock.jumpWall(startMs - clock.wallMs());
  const replay = createReplayGuard({
    clock,
    options: { capacity: PERSISTED },
    ...(opened === undefined ? {} : { opened }),
  });
  const verifier = createVerifier({ keyRing, clock, replay, audience: AUDIENCE });
  const startedAt = performance.now();
  for (const bytes of envelopes) {
    clock.advance(everyMs);
    const result = await verifier.verify(bytes);
    if (!result.ok) throw new Error(`the benchmark's own command was refused: ${result.error.reason}`);
  }
  return Math.round((PERSISTED * 1000) / (performance.now() - startedAt));
}

async function persistence(): Promise<Readonly<Record<string, number>>> {
  const folder = await tempFolder('bench-verifier-');
  try {
    const result: Record<string, number> = { memory: await verifyPerSecond(COMMAND_EVERY_MS) };
    for (const durability of ['written', 'durable'] as const) {
      const file = await openWatermarkFile(join(folder.path, durability), { durability });
      result[durability] = await verifyPerSecond(COMMAND_EVERY_MS, file);
      await file.close();
      const each = await openWatermarkFile(join(folder.path, `${durability}-each`), { durability });
      result[`${durability}StepPerCommand`] = await verifyPerSecond(1000, each);
      await each.close();
    }
    return result;
  } finally {
    await folder.remove();
  }
}

async function bench(flags: DrillFlags): Promise<DrillOutcome> {
  const parts = makeParts();
  const times = interleave(parts);
  const ratios = (a: readonly number[], b: readonly number[]) =>
    a.map((value, index) => value / (b[index] ?? Number.NaN));
  const ratioToBareHmac = median(ratios(times.bare, times['100k']));
  const ratio1mTo1k = median(ratios(times['1m'], times['1k']));
  const round = (value: number) => Math.round(value * 1000) / 1000;
  const failures: string[] = [];
  if (flags.assert && ratioToBareHmac < RATIO_TO_BARE_MIN)
    failures.push(`ratio to bare HMAC ${round(ratioToBareHmac)}`);
  if (flags.assert && ratio1mTo1k > RATIO_1M_TO_1K_MAX) failures.push(`1M over 1k nonces ${round(ratio1mTo1k)}`);
  return {
    json: {
      verifyPerSecond: Math.round(1e9 / median(times['100k'])),
      ratioToBareHmac: round(ratioToBareHmac),
      ratio1mTo1k: round(ratio1mTo1k),
      barePerSecond: Math.round(1e9 / median(times.bare)),
      nanosecondsPerCommand: Object.fromEntries(
        Object.entries(times).map(([name, values]) => [name, Math.round(median(values))]),
      ),
      wholeVerifyPerSecond: await persistence(),
    },
    failures,
  };
}

await runDrill({ name: 'bench verifier', defaultBudgetMs: 60_000 }, bench);

import type { CommandDraft, SystemStatePacket } from '@esper/leyline';
import { sha256 } from '@esper/registry/node';
import { buildPacket } from '@esper/testkit';
import type { DecisionRecord, HostRecord } from '../../src/records/record.js';
import { decodeRecord, encodeRecord } from '../../src/records/record-codec.js';
import { type DecisionScene, readScene, SCENE_NOTES } from '../../src/records/scene.js';
import { type Replayed, Replayer, type ReplayWorld } from '../../src/replay/replayer.js';
import type { ActivePolicy } from '../../src/stages/parts.js';
import { activePolicy, engineFixture, HERE } from './engine-fixture.js';
import { FakeInference } from './fake-inference.js';

export const packetOf = (step: number, more: Partial<SystemStatePacket> = {}): SystemStatePacket =>
  buildPacket({ packetId: `run-1-step-${step}`, globalStep: step, ...more });

/** What is tested is what stands in the record, not how fast a busy machine is. */
export const UNHURRIED = {
  decisionDeadlineMs: 120_000,
  settings: { inferenceDeadlineMs: 60_000, metadataDeadlineMs: 60_000 },
} as const;

/** Validation losses of a run with a spike at step 3. */
const LOSSES = [1, 0.9, 4.5, 0.9, 0.8];

/** A run as a real engine records it: proposals that stand, a spike that risk stops, a failure, an order. */
export async function recordedRun(given: Parameters<typeof engineFixture>[0] = {}): Promise<HostRecord[]> {
  const fixture = engineFixture({ ...UNHURRIED, keepsScenes: true, ...given });
  fixture.inference.answer = { action: 1 };
  for (const [at, validationLoss] of LOSSES.entries()) {
    await fixture.engine.decide('run-1', packetOf(at + 1, { validationLoss }));
    if (at === 0) await failOnce(fixture);
  }
  await fixture.engine.operate({
    kind: 'conservative_set',
    trainingRunId: 'run-1',
    order: { who: 'ada', why: 'to see it' },
  });
  await fixture.engine.decide('run-1', packetOf(6));
  return asRead(fixture.journal.records);
}

async function failOnce({ engine, library }: ReturnType<typeof engineFixture>): Promise<void> {
  library.failing = new Error('the library is gone');
  await engine.decide('run-1', packetOf(90));
  library.failing = undefined;
}

/** Records as they come back out of a log. */
export const asRead = (records: readonly HostRecord[]): HostRecord[] =>
  records.map((record) => decodeRecord(encodeRecord(record)));

/** A world that holds everything the records name. */
export function worldOf(records: readonly HostRecord[], given: Partial<ReplayWorld> = {}): ReplayWorld {
  const scenes = new Map<string, DecisionScene>();
  for (const record of records) {
    if (record.kind !== 'note' || record.stream !== SCENE_NOTES) continue;
    const { id, scene } = readScene(record.bytes, sha256);
    scenes.set(id, scene);
  }
  const none = new Map<string, number>();
  return {
    scene: async (id) => scenes.get(id),
    policy: async () => answering({ action: 1 }),
    vocabularies: () => ({ seed: none, blueprint: none, layer_type: none, activation_type: none }),
    runtime: () => HERE,
    ...given,
  };
}

/** A policy whose network answers so. */
export function answering(answer: FakeInference['answer']): ActivePolicy {
  const inference = new FakeInference();
  inference.answer = answer;
  return activePolicy(inference);
}

/** What came out for each decision of the records. */
export async function replayAll(
  records: readonly HostRecord[],
  world = worldOf(records),
): Promise<readonly Replayed[]> {
  const replayer = new Replayer(world);
  const replayed: Replayed[] = [];
  for (const record of records) {
    const one = await replayer.take(record);
    if (one !== undefined) replayed.push(one);
  }
  return replayed;
}

export const outcomesOf = (replayed: readonly Replayed[]): readonly string[] =>
  replayed.map(({ outcome }) => outcome.kind);

/** The records with one decision changed, by its place among the decisions. */
export function withDecision(
  records: readonly HostRecord[],
  place: number,
  change: (record: DecisionRecord) => DecisionRecord,
): HostRecord[] {
  let at = -1;
  return records.map((record) => {
    if (record.kind !== 'decision') return record;
    at += 1;
    return at === place ? change(structuredClone(record)) : record;
  });
}

export const withType = (draft: CommandDraft, commandType: CommandDraft['commandType']): CommandDraft => ({
  ...draft,
  commandType,
});

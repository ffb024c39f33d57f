import { encodeMessage, type TelemetryPacket } from '@esper/leyline';
import { buildDecisionPacket, type DecisionFacts } from '@esper/telemetry';
import { buildDraft } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { inMemory, supervisorOn, telemetryOn, until } from './set-up.js';

const ARROWS = ['validate', 'resolve', 'observe', 'infer', 'decode', 'guard', 'assess', 'seal', 'record'];
const TYPES = ['seed', 'layer', 'activation', 'parameter', 'blueprint', 'global'].map((type) => `node.${type}`);
const EDGES = Array.from({ length: 13 }, (_, i) => `edges.type_${i}`);

/** A decision as a busy host tells it: all types of coverage, all arrows, a blend, a selection. */
const facts = (step: number): DecisionFacts => ({
  packetId: `run-1-step-${step}`,
  trainingRunId: 'run-1',
  globalStep: step,
  timestampMs: 1_700_000_000_000 + step,
  validationLoss: 0.75,
  lossDelta: -0.01,
  lossSpikeMax: 0.15,
  isConservative: false,
  command: buildDraft({
    decision: {
      risk: { reason: 'policy', reasons: ['policy'], conservative: false, changed: false },
      blend: { shape: 'cosine', scheduleStart: 0.1, scheduleEnd: 0.6, mode: 'CONFIDENCE', source: 'policy' },
      coverage: { ratio: 0.9, byType: Object.fromEntries([...TYPES, ...EDGES].map((type) => [type, 0.9])) },
      selection: { seedIndex: 0, seedScore: 0.7, blueprintIndex: 2, blueprintScore: 0.6 },
    },
  }),
  events: [],
  breakers: { inference: { state: 'CLOSED', failures: 0 }, metadata: { state: 'CLOSED', failures: 0 } },
  budgetsMs: { inference: 5, metadata: 25, decision: 250 },
  inferenceMs: 1.25,
  decisionMs: 4.5,
  policy: { version: '0123456789abcdef', architecture: 'tamiyo_gnn_v1', isCompiled: true, warmUpMs: 12 },
  blueprint: { blueprintId: 'BP001', tier: 'SAFE', risk: 0.2, hazardBand: 'LOW' },
  totals: { timeouts: { inference: 0, metadata: 0, decision: 0 }, verifierFailures: 0 },
  spans: ARROWS.map((name, i) => ({ name, startMs: i, durationMs: 0.5 })),
});

/** What the prototype puts into a decision packet: no spans, no counters of reasons, timeouts and reports, no signals. */
const ADDED =
  /^tamiyo\.(decision\.latency_ms|decisions_total|risk\.|timeouts_total|verifier\.|bsds\.|gnn\.bsds|gnn\.feature_coverage_|blending\.mode|selection\.blueprint_score)/;
const asBefore = (packet: TelemetryPacket): TelemetryPacket => ({
  ...packet,
  metrics: packet.metrics.filter(({ name }) => !ADDED.test(name)),
  spans: [],
});

describe('the volume of telemetry', () => {
  it('RT-18: what a decision weighs is at most 1.6 times what it did, and the supervisor says volume and queue length', async () => {
    const bus = await inMemory();
    const { weatherlight } = await supervisorOn(bus);
    const telemetry = await telemetryOn(bus);
    const packets = Array.from({ length: 200 }, (_, step) => buildDecisionPacket(facts(step)));
    const before = packets.reduce((sum, each) => sum + encodeMessage('TelemetryPacket', asBefore(each)).byteLength, 0);
    for (const packet of packets) telemetry.emit(packet);
    const { memory, inFlight } = telemetry.ledger().lanes.telemetry.queued;
    let deepest = 0;
    await until(() => {
      deepest = Math.max(deepest, bus.depth('oona.telemetry').unacknowledged['weatherlight'] ?? 0);
      return weatherlight.supervision().packets['oona.telemetry'] === packets.length;
    });
    const after = weatherlight.supervision().bytes['oona.telemetry'];
    console.log(
      `RT-18: ${before / 200} bytes a decision before, ${after / 200} after (${(after / before).toFixed(2)}x); ` +
        `a burst of 200 waits as ${memory + inFlight} in the lane and at most ${deepest} on the stream`,
    );
    expect(memory + inFlight).toBe(packets.length);
    expect(deepest).toBeLessThan(packets.length);
    expect(after / before).toBeGreaterThan(1);
    expect(after / before).toBeLessThan(1.6);
    await weatherlight.flush();
    await telemetry.drain(1000);
    await bus.close();
  });
});

import { buildDraft } from '@esper/testkit';
import type { DecisionFacts } from '../../src/index.js';

/** The facts of a quiet decision. */
export function buildFacts(overrides: Partial<DecisionFacts> = {}): DecisionFacts {
  return {
    packetId: 'run-1-step-42',
    trainingRunId: 'run-1',
    globalStep: 42,
    timestampMs: 1_700_000_000_000,
    validationLoss: 0.75,
    lossDelta: -0.01,
    lossSpikeMax: 0.15,
    isConservative: false,
    command: buildDraft({
      seedOperation: {
        operation: 'GERMINATE',
        blueprintId: 'BP001',
        parameters: { alpha: 0.1, blending_method_index: 1 },
      },
      decision: {
        policy: {
          architecture: 'tamiyo_gnn_v1',
          bundleDigest: 'ab'.repeat(32),
          actionIndex: 0,
          paramDelta: 0.01,
          valueEstimate: 0.5,
          riskIndex: 1,
          riskScore: 0.25,
          riskDistribution: [0.75, 0.25],
        },
        risk: { reason: 'policy', reasons: ['policy'], conservative: false, changed: false },
        blend: { shape: 'cosine', scheduleStart: 0.1, scheduleEnd: 0.6, mode: 'CONFIDENCE', source: 'policy' },
        coverage: { ratio: 0.9, byType: { 'node.seed': 1, 'edges.layer_connects': 0.8 } },
        selection: { seedIndex: 0, seedScore: 0.7, blueprintIndex: 2, blueprintScore: 0.6 },
      },
    }),
    commandId: '00000000-0000-4000-8000-000000000001',
    events: [],
    breakers: { inference: { state: 'CLOSED', failures: 0 }, metadata: { state: 'HALF_OPEN', failures: 2 } },
    budgetsMs: { inference: 5, metadata: 25, decision: 250 },
    inferenceMs: 1.25,
    decisionMs: 4.5,
    policy: {
      version: '0123456789abcdef',
      architecture: 'tamiyo_gnn_v1',
      isCompiled: true,
      warmUpMs: 12,
      fallbackTotal: 0,
    },
    blueprint: { blueprintId: 'BP001', tier: 'SAFE', risk: 0.2, hazardBand: 'HIGH', provenance: 'URABRASK' },
    totals: { timeouts: { inference: 3, metadata: 1, decision: 0 }, verifierFailures: 2 },
    fieldReports: {
      published: 7,
      retries: 1,
      dropped: 0,
      pending: 2,
      retryBacklog: 1,
      retryIndexLoadErrors: 0,
      windowLoadErrors: 0,
    },
    spans: [{ name: 'infer', startMs: 1, durationMs: 1.25 }],
    ...overrides,
  };
}

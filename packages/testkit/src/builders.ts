import type {
  AdaptationCommand,
  BlueprintDescriptor,
  CommandDraft,
  FieldReport,
  SeedState,
  SystemStatePacket,
} from '@esper/leyline';

/** A seed that is being blended in, with the metrics a trainer really sends. */
export function buildSeed(overrides: Partial<SeedState> = {}): SeedState {
  return {
    seedId: 'seed-1',
    stage: 'BLENDING',
    learningRate: 0.01,
    gradientNorm: 0.8,
    riskScore: 0.2,
    layerDepth: 1,
    ageEpochs: 2,
    metrics: { alpha: 0.25, alpha_steps: 5, alpha_total_steps: 20, alpha_temperature: 2, blend_allowed: 1 },
    ...overrides,
  };
}

/** A step packet of a healthy run: nothing in it crosses a default threshold. */
export function buildPacket(overrides: Partial<SystemStatePacket> = {}): SystemStatePacket {
  return {
    version: 1,
    packetId: 'run-1-step-42',
    trainingRunId: 'run-1',
    sourceSubsystem: 'tolaria',
    experimentName: 'digits',
    currentEpoch: 3,
    globalStep: 42,
    timestampNs: 1_700_000_000_000_000_000n,
    trainingLoss: 0.75,
    validationLoss: 0.75,
    validationAccuracy: 0.8,
    trainingMetrics: {
      loss: 0.75,
      loss_delta: -0.01,
      loss_ewma: 0.76,
      loss_volatility: 0.02,
      gradient_norm: 1.1,
      grad_norm_ewma: 1.05,
      grad_var: 0.04,
      grad_conflict_rate: 0,
      samples_per_s: 900,
      optimizer_lr: 0.01,
      optimizer_family_index: 0,
      hook_latency_ms: 4,
      tamiyo_latency_ms: 6,
      step_latency_ms: 20,
      'kasmina.apply_ms': 1,
      'kasmina.finalize_ms': 1,
      'kasmina.isolation.violations': 0,
    },
    hardwareContext: {
      deviceType: 'cpu',
      deviceId: '0',
      totalMemoryGb: 16,
      availableMemoryGb: 9,
      utilizationPercent: 40,
      computeCapability: 0,
    },
    seedStates: [buildSeed()],
    ...overrides,
  };
}

/** A safe blueprint with a small graph and a valid safety sheet. */
export function buildBlueprint(overrides: Partial<BlueprintDescriptor> = {}): BlueprintDescriptor {
  return {
    blueprintId: 'BP001',
    name: 'residual block',
    tier: 'SAFE',
    risk: 0.2,
    stage: 1,
    quarantineOnly: false,
    approvalRequired: false,
    description: 'One hidden layer with a skip connection.',
    allowedParameters: { alpha: { minValue: 0, maxValue: 1 } },
    graph: {
      layers: [
        { layerId: 'fc1', type: 'linear', depth: 0, latencyMs: 0.4, parameterCount: 4160, outputChannels: 64 },
        { layerId: 'fc2', type: 'linear', depth: 1, latencyMs: 0.2, parameterCount: 650, outputChannels: 10 },
      ],
      activations: [{ activationId: 'relu1', type: 'relu', saturationRate: 0.1, gradientFlow: 0.9 }],
      parameters: [{ name: 'alpha', min: 0, max: 1, default: 0.5, span: 1 }],
      layerAdjacency: [[0, 1]],
      monitors: [{ seedId: 'seed-1', layerIndex: 0, weight: 1 }],
      allowedBlendingMethods: ['linear', 'cosine'],
      meshHostLayers: ['fc1.weight', 'fc1.bias'],
      source: 'urza',
    },
    sheet: {
      hazardBand: 'LOW',
      handlingClass: 'standard',
      riskScore: 0.15,
      resourceProfile: 'cpu',
      provenance: 'CURATED',
      issuedAtMs: 1_700_000_000_000,
      signature: 'valid',
    },
    ...overrides,
  };
}

/** A proposal to germinate seed-1 from BP001. */
export function buildDraft(overrides: Partial<CommandDraft> = {}): CommandDraft {
  return {
    version: 1,
    commandType: 'SEED',
    targetSeedId: 'seed-1',
    seedOperation: { operation: 'GERMINATE', blueprintId: 'BP001', parameters: { alpha: 0.1 } },
    issuedBy: 'tamiyo',
    annotations: { policy_action: '0', training_run_id: 'run-1', mesh_host_layers: '["fc1.weight","fc1.bias"]' },
    ...overrides,
  };
}

/** {@link buildDraft} with an identity: issued at the fake clock's default start, valid for a minute. */
export function buildCommand(overrides: Partial<AdaptationCommand> = {}): AdaptationCommand {
  return {
    ...buildDraft(),
    commandId: '00000000-0000-4000-8000-000000000001',
    trainingRunId: 'run-1',
    issuerEpoch: 1,
    sequence: 1,
    issuedAtMs: 1_700_000_000_000,
    expiresAtMs: 1_700_000_060_000,
    ...overrides,
  };
}

/** The report of {@link buildCommand}, applied with success. */
export function buildReport(overrides: Partial<FieldReport> = {}): FieldReport {
  return {
    version: 1,
    reportId: 'fr-00000000-0000-4000-8000-000000000001',
    commandId: '00000000-0000-4000-8000-000000000001',
    trainingRunId: 'run-1',
    seedId: 'seed-1',
    blueprintId: 'BP001',
    outcome: 'SUCCESS',
    observationWindowEpochs: 1,
    policyVersion: 'tamiyo_gnn_v1',
    notes: 'policy',
    metrics: { loss_delta: -0.01 },
    followUpActions: [],
    issuedAtMs: 1_700_000_000_000,
    ...overrides,
  };
}

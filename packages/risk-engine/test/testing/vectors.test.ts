import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { deviations, folderRunners, type VectorFolder, type VectorOutcome, vectorRunners } from '../../src/testing.js';

const single = vectorRunners['risk-single'] as (line: unknown) => readonly VectorOutcome[];
const breaker = vectorRunners['breaker'] as (line: unknown) => readonly VectorOutcome[];
const sequences = vectorRunners['risk-sequences'] as (line: unknown) => readonly VectorOutcome[];

const OFF = { mode: false, enabled: false, last_reason: 'stabilised', last_enter_s: null };
const seed = {
  commandType: 'COMMAND_SEED',
  seedOperation: { blueprintId: 'bp', operation: 'SEED_OP_GERMINATE' },
  version: 1,
};
const quiet = {
  type: 'COMMAND_SEED',
  payload: 'seed_operation',
  annotations: { risk_reason: 'policy' },
  events: [],
  cons: OFF,
  inference: [1, 0, null],
  metadata: [1, 0, null],
};
const exited = (reason: string) => [
  'conservative_exited',
  1,
  { reason: 'stabilised', previous_reason: reason, duration_s: '0.000' },
];
const line = (given: object, out: object) => ({ id: 0, in: { command: seed, ...given }, out: { ...quiet, ...out } });
const sgd = { type: 'COMMAND_OPTIMIZER', payload: 'optimizer_adjustment', optimizer_id: 'sgd' };
const explained = (deviation: string) => [{ kind: 'explained', deviation }];
const CLEARED = { ...OFF, last_reason: null };

/** One hand-made line per deviation, as the prototype would have recorded it. */
const CASES: Readonly<Record<string, readonly [line: object, outcome: readonly object[]]>> = {
  'nothing at all': [line({}, {}), [{ kind: 'equal' }]],
  'one finding': [
    line(
      { metrics: { grad_var: 2 } },
      {
        ...sgd,
        annotations: { risk_reason: 'grad_variance_high' },
        events: [['grad_variance_high', 2, { var: '2.000' }]],
      },
    ),
    [{ kind: 'equal' }],
  ],
  'DEV-RE-01, the last one wins': [
    line(
      { metrics: { 'kasmina.apply_ms': 31, 'kasmina.finalize_ms': 31 } },
      {
        ...sgd,
        annotations: { risk_reason: 'kasmina_apply_slow' },
        events: [
          ['kasmina_apply_slow', 2, { latency_ms: '31.00' }],
          ['kasmina_finalize_slow', 2, { latency_ms: '31.00' }],
        ],
      },
    ),
    // After the first downgrade the command is no SEED, so the prototype names the first; so do we, by table order.
    [{ kind: 'equal' }],
  ],
  'DEV-RE-01, a slow step hides isolation': [
    line(
      { metrics: { hook_latency_ms: 60, step_latency_ms: 130 } },
      {
        type: 'COMMAND_PAUSE',
        annotations: { risk_reason: 'step_latency_high' },
        events: [
          ['hook_budget', 2, { latency_ms: '60.00' }],
          ['step_latency_high', 2, { latency_ms: '130.00' }],
        ],
      },
    ),
    explained('DEV-RE-01'),
  ],
  'DEV-RE-02, a pause silences what only a SEED has': [
    line(
      { metrics: { hook_latency_ms: 60, grad_var: 2 } },
      {
        type: 'COMMAND_PAUSE',
        annotations: { risk_reason: 'hook_budget' },
        events: [['hook_budget', 2, { latency_ms: '60.00' }]],
      },
    ),
    explained('DEV-RE-01+DEV-RE-02'),
  ],
  'DEV-RE-04, the mode is left where it was entered': [
    line(
      { loss_delta: 0.5 },
      {
        type: 'COMMAND_PAUSE',
        annotations: { risk_reason: 'loss_spike' },
        events: [
          ['loss_spike', 2, { delta: '0.500' }],
          ['conservative_entered', 2, { reason: 'loss_spike' }],
          exited('loss_spike'),
        ],
        cons: CLEARED,
      },
    ),
    explained('DEV-RE-04'),
  ],
  'DEV-RE-05, NaN reads as healthy': [line({ metrics: { hook_latency_ms: 'NaN' } }, {}), explained('DEV-RE-05')],
  'DEV-RE-06, a reason of the proposal': [
    line({ command: { ...seed, annotations: { risk_reason: 'mine' } } }, { annotations: { risk_reason: 'mine' } }),
    explained('DEV-RE-06'),
  ],
  'DEV-RE-07, an emergency softened': [
    line(
      { command: { commandType: 'COMMAND_EMERGENCY', version: 1 }, metrics: { hook_latency_ms: 60 } },
      {
        type: 'COMMAND_PAUSE',
        payload: null,
        annotations: { risk_reason: 'hook_budget' },
        events: [['hook_budget', 2, { latency_ms: '60.00' }]],
      },
    ),
    explained('DEV-RE-07'),
  ],
  'DEV-RE-08, no type': [
    line({ command: { version: 1 } }, { type: 'COMMAND_UNKNOWN', payload: null }),
    explained('DEV-RE-08'),
  ],
  'DEV-RE-09, a threshold that is no number': [
    line(
      {
        risk: {
          max_loss_spike: 'NaN',
          step_latency_high_ms: 120,
          kasmina_apply_slow_ms: 30,
          kasmina_finalize_slow_ms: 30,
          hook_budget_ms: 50,
        },
      },
      {},
    ),
    explained('DEV-RE-09'),
  ],
  'DEV-RE-10, a sheet riskier than its blueprint': [
    line(
      {
        blueprint_info: {
          tier: 'BLUEPRINT_TIER_SAFE',
          risk: { $f: '0.1' },
          stage: 2,
          bsds: { risk_score: { $f: '0.6' } },
        },
      },
      {
        annotations: {
          blueprint_tier: 'BLUEPRINT_TIER_SAFE',
          blueprint_stage: '2',
          blueprint_risk: '0.10',
          bsds_risk: '0.60',
          risk_reason: 'policy',
        },
        events: [['bsds_present', 1, { hazard: '', risk: '0.6', provenance: '' }]],
      },
    ),
    explained('DEV-RE-10'),
  ],
  'DEV-RE-11, a band in no list': [
    line(
      {
        blueprint_info: {
          tier: 'BLUEPRINT_TIER_SAFE',
          risk: { $f: '0.1' },
          stage: 2,
          bsds: { hazard_band: 'CRITICAL!' },
        },
      },
      {
        annotations: {
          blueprint_tier: 'BLUEPRINT_TIER_SAFE',
          blueprint_stage: '2',
          blueprint_risk: '0.10',
          bsds_hazard_band: 'CRITICAL!',
          risk_reason: 'policy',
        },
        events: [['bsds_present', 1, { hazard: 'CRITICAL!', risk: '', provenance: '' }]],
      },
    ),
    explained('DEV-RE-04+DEV-RE-11'),
  ],
  'DEV-RE-12, a breaker event in between': [
    line(
      { command: { ...seed, annotations: { policy_risk_score: '0.1' } }, inference: [2, 3, 999.9] },
      {
        annotations: { policy_risk_score: '0.1', risk_reason: 'policy' },
        events: [
          ['policy_risk_signal', 1, { score: '0.100', index: '0' }],
          ['breaker_event', 1, { component: 'inference', action: 'close' }],
        ],
      },
    ),
    explained('DEV-RE-12'),
  ],
  'DEV-RE-13, an approval nobody gave': [
    line(
      { blueprint_info: { tier: 'BLUEPRINT_TIER_SAFE', risk: { $f: '0.1' }, stage: 2, approval_required: true } },
      {
        annotations: {
          blueprint_tier: 'BLUEPRINT_TIER_SAFE',
          blueprint_stage: '2',
          blueprint_risk: '0.10',
          risk_reason: 'policy',
        },
      },
    ),
    explained('DEV-RE-13'),
  ],
  'DEV-RE-14, hyperparameters of another optimizer': [
    line(
      {
        command: {
          commandType: 'COMMAND_SEED',
          optimizerAdjustment: { optimizerId: 'adam', hyperparameters: { lr: 0.5 } },
          version: 1,
        },
        metrics: { grad_var: 2 },
      },
      {
        ...sgd,
        hyperparameters: { lr: 0.5 },
        annotations: { risk_reason: 'grad_variance_high' },
        events: [['grad_variance_high', 2, { var: '2.000' }]],
      },
    ),
    explained('DEV-RE-14'),
  ],
  'DEV-RE-16, a tier without a name': [
    line(
      { blueprint_info: { tier: '7', risk: { $f: '0.1' }, stage: 2 } },
      { annotations: { blueprint_tier: '7', blueprint_stage: '2', blueprint_risk: '0.10', risk_reason: 'policy' } },
    ),
    explained('DEV-RE-16'),
  ],
};

describe('hand-made recordings', () => {
  it.each(Object.entries(CASES))('%s', (_name, [given, outcome]) => {
    expect(single(given)).toEqual(outcome);
  });

  it('DEV-RE-03 and DEV-RE-19: timeouts, and a mode switched on by configuration', () => {
    const command = { commandType: 'COMMAND_PAUSE', version: 1 };
    const recorded = line(
      { command, timed_out: true, cons: { mode: true, enabled: false, last_reason: 'x', last_enter_s: 5 } },
      {
        type: 'COMMAND_PAUSE',
        payload: null,
        annotations: { risk_reason: 'timeout_inference' },
        events: [
          ['breaker_event', 2, { component: 'inference', reason: 'timeout_inference', failures: '1', action: 'count' }],
        ],
        cons: { mode: true, enabled: true, last_reason: 'x', last_enter_s: 5 },
        inference: [1, 1, null],
      },
    );
    expect(single(recorded)).toEqual(explained('DEV-RE-01+DEV-RE-03+DEV-RE-12+DEV-RE-19'));
  });

  it('DEV-RE-15: a NaN loss and what follows it', () => {
    const out = { ...quiet, annotations: { risk_reason: 'policy' } };
    const step = (validation_loss: unknown, loss_delta: unknown, more: object = {}) => ({
      in: { dt_s: 1, command: seed, validation_loss },
      out: { ...out, loss_delta, last_validation_loss: validation_loss, ...more },
    });
    const init = {
      risk: {
        max_loss_spike: 0.15,
        step_latency_high_ms: 120,
        kasmina_apply_slow_ms: 30,
        kasmina_finalize_slow_ms: 30,
        hook_budget_ms: 50,
      },
      start_clock_s: 0,
      cons: OFF,
      inference: [1, 0, null],
      metadata: [1, 0, null],
      breaker: { threshold: 3, cooldown_s: 0.1 },
    };
    const outcomes = sequences({
      init,
      steps: [step(1, 0), step('NaN', 'NaN'), step(1.1, 'NaN'), step(1.12, 0.020000000000000018)],
    });
    expect(outcomes).toEqual([
      { kind: 'equal' },
      { kind: 'explained', deviation: 'DEV-RE-04+DEV-RE-05' },
      { kind: 'explained', deviation: 'DEV-RE-15' },
      { kind: 'equal' },
    ]);
  });

  it('DEV-RE-17 and DEV-RE-18: a failed probe, and limits that are out of range', () => {
    const failing = [
      'fail',
      1,
      'x',
      2,
      2,
      10.1,
      ['breaker_event', 2, { component: 'b', reason: 'x', failures: '2', action: 'count' }],
    ];
    const opening = [
      'fail',
      0,
      'x',
      2,
      1,
      10.1,
      ['breaker_event', 4, { component: 'b', reason: 'x', failures: '1', action: 'open' }],
    ];
    const outcomes = breaker({ name: 'b', failure_threshold: 0, cooldown_ms: 100, t0: 10, steps: [opening, failing] });
    expect(outcomes).toEqual([
      { kind: 'explained', deviation: 'DEV-RE-18' },
      { kind: 'equal' },
      { kind: 'explained', deviation: 'DEV-RE-17' },
    ]);
  });

  it('every deviation has a hand-made line', () => {
    const text = readFileSync(new URL(import.meta.url), 'utf8');
    expect(deviations.filter(({ id }) => !text.includes(id)).map(({ id }) => id)).toEqual([]);
  });

  it('exotic lines are passed over', () => {
    expect(single({ ...line({}, {}), exotic: true })).toEqual([]);
  });
});

describe('a changed recording is noticed', () => {
  const base = line(
    { metrics: { grad_var: 2 } },
    {
      ...sgd,
      annotations: { risk_reason: 'grad_variance_high' },
      events: [['grad_variance_high', 2, { var: '2.000' }]],
    },
  );
  it.each([
    ['type', { type: 'COMMAND_SEED' }],
    ['payload', { payload: 'seed_operation' }],
    ['optimizer', { optimizer_id: 'adam' }],
    ['reason', { annotations: { risk_reason: 'policy' } }],
    ['an event', { events: [] }],
    ['a level', { events: [['grad_variance_high', 4, { var: '2.000' }]] }],
    ['an attribute', { events: [['grad_variance_high', 2, { var: '2.001' }]] }],
    ['what is remembered of the mode', { cons: { ...OFF, last_reason: 'x' } }],
    ['a breaker', { metadata: [1, 1, null] }],
    ['that it threw', { raises: 'ValueError' }],
  ])('%s', (_what, change) => {
    expect(single(base)[0]?.kind).toBe('equal');
    expect(single({ ...base, out: { ...base.out, ...change } })[0]).toMatchObject({ kind: 'unexplained' });
  });
});

const VECTORS = process.env['TAMIYO_VECTORS'];
const path = (name: string) => join(VECTORS ?? '', name);

async function outcomesOf(name: string): Promise<readonly VectorOutcome[]> {
  const run = vectorRunners[name] as (line: unknown) => readonly VectorOutcome[];
  const outcomes: VectorOutcome[] = [];
  for await (const text of createInterface({ input: createReadStream(path(`${name}.jsonl`), 'utf8') })) {
    outcomes.push(...run(JSON.parse(text)));
  }
  return outcomes;
}

describe('recorded behaviour of the prototype (TAMIYO_VECTORS)', () => {
  it.skipIf(!existsSync(path('breaker.jsonl')))('breaker: nothing is unexplained', async () => {
    const outcomes = await outcomesOf('breaker');
    expect(outcomes.length).toBeGreaterThan(0);
    expect(outcomes.filter(({ kind }) => kind === 'unexplained')).toEqual([]);
  });

  it.skipIf(!existsSync(path('golden')))('RE-11: the golden scenarios replay, but for the documented rules', () => {
    const folder: VectorFolder = {
      folders: readdirSync(path('golden')),
      read: (file) => new Uint8Array(readFileSync(join(path('golden'), file))),
    };
    const outcomes = folderRunners['golden']?.(folder) ?? [];
    expect(outcomes).toHaveLength(folder.folders.length);
    expect(outcomes.filter(({ kind }) => kind === 'unexplained')).toEqual([]);
  });
});

import { encodeMessage } from '@esper/leyline';
import { describe, expect, it } from 'vitest';
import { buildDecisionReport, buildFailureReport } from '../../src/index.js';
import { command, T0 } from '../support/builders.js';

const event = (description: string) => ({ description, level: 'WARNING', attributes: {} }) as const;
const base = { policyVersion: 'tamiyo_gnn_v1', events: [], measured: { lossDelta: -0.25 } } as const;

describe('the report of a decision', () => {
  it('FR-02: holds ids, run, seed, blueprint, outcome, policy, note and the issue time of the command', () => {
    const built = buildDecisionReport({
      ...base,
      command: command({
        targetSeedId: 'seed-1',
        seedOperation: { operation: 'GERMINATE', blueprintId: 'bp-1', parameters: {} },
      }),
      mitigations: ['none'],
    });
    expect(built).toEqual({
      version: 1,
      reportId: 'fr-c-1',
      commandId: 'c-1',
      trainingRunId: 'run-1',
      seedId: 'seed-1',
      blueprintId: 'bp-1',
      outcome: 'SUCCESS',
      observationWindowEpochs: 1,
      policyVersion: 'tamiyo_gnn_v1',
      notes: '',
      metrics: { loss_delta: -0.25 },
      followUpActions: ['none'],
      issuedAtMs: T0,
    });
    expect(() => encodeMessage('FieldReport', built)).not.toThrow();
  });

  it('FR-04: carries the policy, blend, selection and latency values under their names', () => {
    const built = buildDecisionReport({
      ...base,
      command: command({
        decision: {
          policy: {
            architecture: 'a',
            bundleDigest: 'd',
            actionIndex: 0,
            paramDelta: 0.1,
            valueEstimate: 0.2,
            riskIndex: 3,
            riskScore: 0.4,
            riskDistribution: [],
          },
          blend: { shape: 'linear', scheduleStart: 0.5, scheduleEnd: 0.75 },
          selection: { seedScore: 0.6 },
        },
      }),
      measured: {
        lossDelta: 0.5,
        tamiyoLatencyMs: 7,
        hookLatencyMs: 8,
        blueprintRisk: 0.9,
        others: { accuracy_delta: 0.01 },
      },
    });
    expect(built.metrics).toEqual({
      loss_delta: 0.5,
      param_delta: 0.1,
      value_estimate: 0.2,
      risk_index: 3,
      risk_score: 0.4,
      blending_index: 0,
      blending_schedule_start: 0.5,
      blending_schedule_end: 0.75,
      selected_seed_score: 0.6,
      tamiyo_latency_ms: 7,
      hook_latency_ms: 8,
      blueprint_risk: 0.9,
      accuracy_delta: 0.01,
    });
  });

  it('FR-07: breaker transitions and latency changes are reported under the names they are given', () => {
    const measured = { lossDelta: 0, others: { breaker_opened_inference: 1, latency_delta_ms: -3.5 } };
    expect(buildDecisionReport({ ...base, command: command(), measured }).metrics).toMatchObject(measured.others);
  });

  it('FR-08: mitigations stand in the report, at most 32 of them', () => {
    const mitigations = Array.from({ length: 40 }, (_, at) => `m${at}`);
    expect(buildDecisionReport({ ...base, command: command(), mitigations }).followUpActions).toEqual(
      mitigations.slice(0, 32),
    );
  });

  it('leaves out what is no finite number, counts it, and says when the loss change is unknown', () => {
    const measured = {
      lossDelta: Number.NaN,
      hookLatencyMs: Number.POSITIVE_INFINITY,
      tamiyoLatencyMs: 'fast',
      blueprintRisk: 0.5,
    };
    expect(buildDecisionReport({ ...base, command: command(), measured }).metrics).toEqual({
      loss_delta: 0,
      loss_delta_known: 0,
      blueprint_risk: 0.5,
      non_finite: 3,
    });
    expect(buildDecisionReport({ ...base, command: command(), measured: {} }).metrics).toEqual({
      loss_delta: 0,
      loss_delta_known: 0,
    });
  });

  it.each([
    ['the first timeout wins', ['a', 'timeout_urza', 'timeout_inference', 'b'], undefined, 'timeout_urza'],
    ['else the last event', ['a', 'b'], 'cosine', 'b'],
    ['else the blend', [], 'cosine', 'blending:cosine'],
    ['else nothing', [], undefined, ''],
  ] as const)('FR-06: %s', (_, descriptions, shape, notes) => {
    const blend = shape === undefined ? {} : { blend: { shape, scheduleStart: 0, scheduleEnd: 1 } as const };
    const built = buildDecisionReport({
      ...base,
      events: descriptions.map(event),
      command: command({ decision: blend }),
    });
    expect(built.notes).toBe(notes);
  });

  it('FR-09: no placeholder stands in for a missing run, id or time', () => {
    for (const change of [{ trainingRunId: '' }, { commandId: '' }, { issuedAtMs: 0 }, { issuedAtMs: Number.NaN }]) {
      expect(() => buildDecisionReport({ ...base, command: command(change) })).toThrow(
        expect.objectContaining({ code: 'FIELD_REPORT_INVALID' }),
      );
    }
  });

  it('FR-10: an ordinary report takes less than 280 bytes beyond its names', () => {
    const built = buildDecisionReport({ ...base, command: command(), events: [event('loss_warning')] });
    expect(encodeMessage('FieldReport', built).length).toBeLessThan(280);
  });
});

describe('the report of a failure', () => {
  const failure = { ...base, decisionId: 'd-1', trainingRunId: 'run-1', reason: 'timeout_inference', issuedAtMs: T0 };

  it('FR-01: a failed decision has its one report too, under the id of the decision', () => {
    const built = buildFailureReport({ ...failure, events: [event('breaker_opened')] });
    expect(built).toMatchObject({ reportId: 'fr-d-1', outcome: 'NEUTRAL', notes: 'timeout_inference' });
    expect('commandId' in built).toBe(false);
  });

  it('names the last event, or the reason when there is none', () => {
    expect(buildFailureReport({ ...failure, reason: 'dependency_violation', events: [event('x')] }).notes).toBe('x');
    expect(buildFailureReport({ ...failure, reason: 'dependency_violation' })).toMatchObject({
      outcome: 'ABORTED',
      notes: 'dependency_violation',
    });
    expect(() => buildFailureReport({ ...failure, decisionId: '' })).toThrow('needs a decision id');
  });
});

import { encodeMessage } from '@esper/leyline';
import { describe, expect, it } from 'vitest';
import {
  buildFailurePacket,
  buildFieldReportFatePacket,
  buildFieldReportSummaryPacket,
  buildFieldReportSynthesisPacket,
  buildNoticePacket,
  buildRejectionPacket,
  violationReason,
} from '../../src/index.js';
import { buildFacts } from './facts.js';

const timestampMs = 1_700_000_000_000;

describe('failed decisions', () => {
  it('DP-13: CRITICAL, no metrics, one event that names the reason, DEGRADED', () => {
    const packet = buildFailurePacket({ reason: 'no_seed_candidates', packetId: 'p', trainingRunId: 'r', timestampMs });
    expect(packet).toEqual({
      version: 1,
      packetId: 'p',
      sourceSubsystem: 'tamiyo',
      trainingRunId: 'r',
      timestampMs,
      level: 'CRITICAL',
      priority: 'CRITICAL',
      metrics: [],
      events: [
        {
          description: 'no_seed_candidates',
          level: 'CRITICAL',
          attributes: { training_run_id: 'r', packet_id: 'p', reason: 'no_seed_candidates' },
        },
      ],
      spans: [],
      health: {
        status: 'DEGRADED',
        summary: 'no_seed_candidates',
        indicators: { reason: 'no_seed_candidates', priority: 'MESSAGE_PRIORITY_CRITICAL' },
      },
    });
    expect(() => encodeMessage('TelemetryPacket', packet)).not.toThrow();
  });

  it('DP-14: run and packet are always named, empty when unknown', () => {
    const packet = buildFailurePacket({ reason: 'policy_failure', timestampMs });
    expect(packet.packetId).toBe('tamiyo-policy-failure-policy_failure');
    expect(packet.events[0]?.attributes).toMatchObject({ training_run_id: '', packet_id: '' });
  });

  it('TL-40, TM-05: a timed out inference states its budget', () => {
    const packet = buildFailurePacket({ reason: 'timeout_inference', packetId: 'p', timestampMs, budgetMs: 5 });
    expect(packet.events[0]).toMatchObject({
      description: 'timeout_inference',
      attributes: { budget_ms: '5.0', reason: 'timeout_inference' },
    });
  });

  it('TL-41, TM-10: a timed out library names the blueprint when it is known', () => {
    const packet = buildFailurePacket({ reason: 'timeout_urza', timestampMs, budgetMs: 25, blueprintId: 'BP001' });
    expect(packet.events[0]?.attributes).toMatchObject({ budget_ms: '25.0', blueprint_id: 'BP001' });
    expect(buildFailurePacket({ reason: 'timeout_urza', timestampMs }).events[0]?.attributes).not.toHaveProperty(
      'blueprint_id',
    );
  });

  it('TL-42, DP-15: a violation brings its context and its reason', () => {
    const reason = violationReason('tamiyo dependency violation: seed command missing target_seed_id');
    const packet = buildFailurePacket({
      reason,
      timestampMs,
      attributes: { dependency_type: 'seed', identifier: '<empty>' },
    });
    expect(packet.events[0]).toMatchObject({
      description: 'seed command missing target_seed_id',
      attributes: { dependency_type: 'seed', identifier: '<empty>' },
    });
    expect(violationReason('a: b: c')).toBe('b: c');
    expect([violationReason('no colon'), violationReason('nothing after:  ')]).toEqual([
      'policy_failure',
      'policy_failure',
    ]);
  });

  it('TL-43, DP-16: statistics that could not be kept', () => {
    const packet = buildFailurePacket({
      reason: 'normalizer_persistence_failure',
      timestampMs,
      attributes: { error: 'EIO' },
    });
    expect(packet.events[0]?.attributes).toMatchObject({ error: 'EIO', reason: 'normalizer_persistence_failure' });
  });

  it('TM-06, TL-44: what followed from the failure comes with it', () => {
    const breaker = {
      description: 'breaker_event',
      level: 'WARNING' as const,
      attributes: { component: 'inference', action: 'count' },
    };
    const packet = buildFailurePacket({ reason: 'timeout_inference', timestampMs, consequences: [breaker] });
    expect(packet.events.map(({ description }) => description)).toEqual(['timeout_inference', 'breaker_event']);
  });
});

describe('refused commands', () => {
  it.each(['missing_signature', 'invalid_signature', 'nonce_replayed', 'missing_timestamp', 'stale_command'])(
    'SV-10: %s is CRITICAL',
    (reason) => {
      expect(buildRejectionPacket({ reason, commandId: 'c-1', timestampMs })).toMatchObject({
        level: 'CRITICAL',
        priority: 'CRITICAL',
        events: [{ description: 'command_rejected', attributes: { reason, command_id: 'c-1' } }],
      });
    },
  );

  it.each(['missing_command_id', 'issued_in_future', 'verifier_unavailable'])(
    'SV-10: %s is ERROR, and still urgent',
    (reason) => {
      expect(buildRejectionPacket({ reason, timestampMs })).toMatchObject({ level: 'ERROR', priority: 'HIGH' });
    },
  );

  it('TL-55: without a verifier no id is repeated; a stated level is kept', () => {
    expect(
      buildRejectionPacket({ reason: 'verifier_unavailable', commandId: 'c', timestampMs }).events[0]?.attributes,
    ).toEqual({ reason: 'verifier_unavailable' });
    expect(buildRejectionPacket({ reason: 'odd', level: 'WARNING', timestampMs }).level).toBe('WARNING');
  });
});

describe('notices', () => {
  it('TL-45: entering the mode is HIGH, leaving it is NORMAL', () => {
    const at = (description: string, level: 'WARNING' | 'INFO') =>
      buildNoticePacket({
        packetId: description,
        timestampMs,
        events: [{ description, level, attributes: { reason: 'loss_spike' } }],
      });
    expect(at('conservative_entered', 'WARNING')).toMatchObject({
      priority: 'HIGH',
      health: { status: 'DEGRADED', summary: 'conservative_entered' },
    });
    expect(at('conservative_exited', 'INFO')).toMatchObject({ priority: 'NORMAL', health: { status: 'HEALTHY' } });
  });

  it('TL-52, TL-53: the fate of a policy update', () => {
    const rejected = buildNoticePacket({
      packetId: 'tamiyo-policy-update-error',
      timestampMs,
      events: [{ description: 'policy_update_rejected', level: 'WARNING', attributes: { reason: 'version_mismatch' } }],
    });
    expect(rejected).toMatchObject({ priority: 'NORMAL', level: 'WARNING' });
    const applied = buildNoticePacket({
      packetId: 'tamiyo-policy-update',
      timestampMs,
      events: [{ description: 'policy_update_applied', level: 'INFO', attributes: {} }],
    });
    expect(applied.health).toMatchObject({ status: 'HEALTHY', summary: 'policy_update_applied' });
  });

  it('a packet without events is stable', () => {
    expect(buildNoticePacket({ packetId: 'x', timestampMs, events: [] }).health).toMatchObject({
      status: 'HEALTHY',
      summary: 'stable',
    });
  });
});

describe('field reports', () => {
  it('TL-50: a retry and a drop', () => {
    const retry = buildFieldReportFatePacket({
      fate: 'field_report_retry',
      reportId: 'fr-1',
      retryCount: 2,
      timestampMs,
    });
    expect(retry).toMatchObject({
      packetId: 'tamiyo-fr-retry-fr-1',
      level: 'WARNING',
      health: { status: 'DEGRADED', summary: 'field_report_retry' },
      events: [{ attributes: { report_id: 'fr-1', retry_count: '2' } }],
    });
    expect(
      buildFieldReportFatePacket({ fate: 'field_report_drop', reportId: 'fr-1', retryCount: 5, timestampMs }).priority,
    ).toBe('HIGH');
  });

  it('TL-49: a report synthesised from a window', () => {
    const packet = buildFieldReportSynthesisPacket({
      reportId: 'fr-synth-c-3+2',
      commandId: 'c',
      targetEpochs: 2,
      timestampMs,
    });
    expect(packet).toMatchObject({
      packetId: 'tamiyo-field-report-synth-c',
      level: 'INFO',
      events: [{ attributes: { report_id: 'fr-synth-c-3+2', command_id: 'c', target_epochs: '2' } }],
    });
  });

  it('RI-08: the summary of a flush, DEGRADED while reports wait, silent when nothing has happened', () => {
    const now = buildFacts().fieldReports;
    if (now === undefined) throw new Error('the facts have field reports');
    const packet = buildFieldReportSummaryPacket({ now, timestampMs });
    expect(packet).toMatchObject({
      packetId: 'tamiyo-field-report-summary',
      health: { status: 'DEGRADED', summary: 'field_report_publish_summary' },
    });
    expect(packet?.metrics).toHaveLength(7);
    expect(buildFieldReportSummaryPacket({ now, before: now, timestampMs })).toBeUndefined();
    expect(
      buildFieldReportSummaryPacket({ now: { ...now, pending: 0 }, before: now, timestampMs })?.health.status,
    ).toBe('HEALTHY');
  });

  it('TL-51: damaged side-cars are told with their numbers', () => {
    const now = { ...(buildFacts().fieldReports ?? fail()), retryIndexLoadErrors: 2, windowLoadErrors: 1 };
    expect(buildFieldReportSummaryPacket({ now, timestampMs })?.events).toEqual([
      {
        description: 'field_report_sidecar_validation_warning',
        level: 'WARNING',
        attributes: { retry_index: '2', windows: '1' },
      },
    ]);
  });
});

function fail(): never {
  throw new Error('the facts have field reports');
}

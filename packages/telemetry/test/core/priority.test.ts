import type { TelemetryEvent, TelemetryLevel } from '@esper/leyline';
import { describe, expect, it } from 'vitest';
import {
  isUrgent,
  laneOf,
  logNameOf,
  priorityIndicator,
  priorityOf,
  TAMIYO_EVENTS,
  worstLevel,
} from '../../src/index.js';

const event = (description: string, level: TelemetryLevel): TelemetryEvent => ({ description, level, attributes: {} });

/** RT-02 as the catalogue writes it down. */
const LISTED = [
  'timeout_inference',
  'timeout_urza',
  'step_latency_high',
  'loss_spike',
  'isolation_violations',
  'hook_budget',
  'policy_risk_critical',
  'bp_quarantine',
  'device_pressure_high',
  'cpu_pressure_high',
];

describe('priority', () => {
  it('RT-01: any CRITICAL event makes the packet CRITICAL, wherever it stands', () => {
    expect(
      priorityOf([event('bsds_present', 'INFO'), event('anything', 'CRITICAL'), event('loss_spike', 'WARNING')]),
    ).toBe('CRITICAL');
  });

  it.each(LISTED)('RT-02: %s at WARNING or ERROR is HIGH, at INFO it is not', (description) => {
    expect(priorityOf([event(description, 'WARNING')])).toBe('HIGH');
    expect(priorityOf([event(description, 'ERROR')])).toBe('HIGH');
    expect(priorityOf([event(description, 'INFO')])).toBe('NORMAL');
  });

  it('RT-03: everything else is NORMAL', () => {
    expect(priorityOf([])).toBe('NORMAL');
    for (const quiet of [
      'pause_triggered',
      'blueprint_risk',
      'policy_risk_elevated',
      'kasmina_apply_slow',
      'kasmina_finalize_slow',
      'no such event',
      'toString',
    ]) {
      expect(priorityOf([event(quiet, 'WARNING'), event(quiet, 'ERROR')]), quiet).toBe('NORMAL');
    }
  });

  it('RT-03: the gaps of the list are decided: a sheet of high hazard, entering the mode, poor inputs and refused commands are HIGH', () => {
    for (const loud of [
      'bsds_hazard_high',
      'conservative_entered',
      'degraded_inputs',
      'command_rejected',
      'field_report_drop',
    ]) {
      expect(priorityOf([event(loud, 'WARNING')]), loud).toBe('HIGH');
    }
  });

  it('every event of the catalogue lands where its level and urgency say, at every level', () => {
    for (const name of Object.keys(TAMIYO_EVENTS)) {
      const at = (level: TelemetryLevel) => laneOf(priorityOf([event(name, level)]));
      expect([at('UNSPECIFIED'), at('INFO'), at('CRITICAL')], name).toEqual(['telemetry', 'telemetry', 'emergency']);
      const lane = isUrgent(name) ? 'emergency' : 'telemetry';
      expect([at('WARNING'), at('ERROR')], name).toEqual([lane, lane]);
    }
  });

  it('TM-17: logs know timeouts as tamiyo.timeout_*, and rejections as tamiyo.command_rejected', () => {
    expect(logNameOf('timeout_inference')).toBe('tamiyo.timeout_inference');
    expect(logNameOf('command_rejected')).toBe('tamiyo.command_rejected');
    expect(logNameOf('tamiyo.already')).toBe('tamiyo.already');
  });

  it('TL-56: damage and the end of the log are CRITICAL emergencies, trouble with retention is a warning', () => {
    for (const name of ['wal_damage', 'wal_full', 'wal_poisoned', 'record_lost'] as const) {
      expect(TAMIYO_EVENTS[name].level, name).toBe('CRITICAL');
      expect(laneOf(priorityOf([event(name, TAMIYO_EVENTS[name].level)])), name).toBe('emergency');
    }
    expect(TAMIYO_EVENTS.wal_retention_problem.level).toBe('WARNING');
  });

  it('the indicator is the name of the wire', () => {
    expect(priorityIndicator('HIGH')).toBe('MESSAGE_PRIORITY_HIGH');
  });

  it('TL-02: the worst level counts, not the last', () => {
    expect(worstLevel([])).toBe('INFO');
    expect(worstLevel([event('a', 'ERROR'), event('b', 'WARNING')])).toBe('ERROR');
  });
});

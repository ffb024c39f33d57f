import { describe, expect, it } from 'vitest';
import { blendSettings } from '../../src/adapters/blend-settings.js';
import { librarySettings } from '../../src/adapters/library-settings.js';
import { storeSettings } from '../../src/adapters/policy-store-open.js';
import { reportOptions } from '../../src/adapters/report-settings.js';
import { riskSettings } from '../../src/adapters/risk-settings.js';
import { type ConfigKey, KNOBS } from '../../src/config/knobs.js';
import { resolveConfig } from '../../src/config/resolve.js';
import { configOf } from '../support/told-fixture.js';

const by = (environment: Record<string, string>) => configOf({ environment });
const problems = (environment: Record<string, string>): readonly string[] => {
  const resolved = resolveConfig({ environment });
  return resolved.ok ? [] : resolved.error.map(({ key, message }) => `${key}: ${message}`);
};

/** Catalogue number, variable, a value, and where it must be seen. */
const CASES: readonly (readonly [
  id: string,
  name: string,
  value: string,
  seen: (config: ReturnType<typeof by>) => unknown,
  expected: unknown,
])[] = [
  ['CF-02', 'TAMIYO_STEP_TIMEOUT_MS', '7.5', (c) => c.values['deadlines.inferenceMs'], 7.5],
  ['CF-03', 'TAMIYO_METADATA_TIMEOUT_MS', '10', (c) => c.values['deadlines.metadataMs'], 10],
  ['CF-04', 'TAMIYO_POLICY_DIR', '/srv/policy', (c) => c.values.policyDir, '/srv/policy'],
  ['CF-05', 'TAMIYO_CONSERVATIVE_MODE', 'true', (c) => c.values['risk.conservativeMode'], true],
  ['CF-06', 'TAMIYO_FIELD_REPORT_RETENTION_HOURS', '48', (c) => c.values['reports.retentionHours'], 48],
  ['CF-07', 'TAMIYO_FIELD_REPORT_MAX_RETRIES', '9', (c) => reportOptions(c.values).retriesMax, 9],
  ['CF-08', 'TAMIYO_WAL_STRICT_VALIDATION', 'false', (c) => c.values['wal.strict'], false],
  ['CF-09', 'TAMIYO_ENABLE_BLEND_MODE_ANN', 'true', (c) => blendSettings(c).enabled, true],
  ['CF-10', 'TAMIYO_BLEND_MODE_DEFAULT', 'RESIDUAL', (c) => blendSettings(c).mode, 'RESIDUAL'],
  ['CF-11', 'TAMIYO_BLEND_CONF_GATE_K', '6', (c) => blendSettings(c).gateK, 6],
  ['CF-11', 'TAMIYO_BLEND_CONF_GATE_TAU', '0.3', (c) => blendSettings(c).gateTau, 0.3],
  ['CF-12', 'TAMIYO_BLEND_ALPHA_LO', '0.2', (c) => blendSettings(c).alphaLo, 0.2],
  ['CF-12', 'TAMIYO_BLEND_ALPHA_HI', '0.9', (c) => blendSettings(c).alphaHi, 0.9],
  ['CF-13', 'TAMIYO_BLEND_ALPHA_VEC_MAX', '32', (c) => blendSettings(c).alphaVecMax, 32],
  ['CF-14', 'TAMIYO_FR_OBS_WINDOW_EPOCHS', '5', (c) => reportOptions(c.values).windowEpochs, 5],
  ['CF-15', 'TAMIYO_FR_RETRY_BACKOFF_MS', '250', (c) => reportOptions(c.values).backoffBaseMs, 250],
  ['CF-15', 'TAMIYO_FR_RETRY_BACKOFF_MULT', '3', (c) => reportOptions(c.values).backoffMultiplier, 3],
  ['CF-22', 'ASYNC_WORKER_MAX_CONCURRENCY', '4', (c) => c.values['worker.concurrencyMax'], 4],
  ['CF-22', 'ASYNC_WORKER_SHUTDOWN_TIMEOUT_S', '2.5', (c) => c.values['worker.shutdownGraceS'], 2.5],
  ['CF-31', 'TAMIYO_LIBRARY_ABANDONED_MAX', '9', (c) => librarySettings(c.values).abandonedMax, 9],
  ['CF-31', 'TAMIYO_LIBRARY_FORGET_AFTER_MS', '900', (c) => librarySettings(c.values).forgetAfterMs, 900],
  ['CF-24', 'OONA_EMERGENCY_MAX_PER_MIN', '60', (c) => c.values['telemetry.emergencyPerMinuteMax'], 60],
  ['CF-29', 'URABRASK_SIGNING_ENABLED', 'true', (c) => riskSettings(c.values).sheet.signature, 'required'],
  ['CF-31', 'TAMIYO_BREAKER_FAILURES_MAX', '5', (c) => riskSettings(c.values).breakers['inference']?.failuresMax, 5],
  ['CF-31', 'TAMIYO_BREAKER_COOLDOWN_MS', '900', (c) => riskSettings(c.values).breakers['metadata']?.cooldownMs, 900],
  ['CF-31', 'TAMIYO_COVERAGE_WARN_MIN', '0.4', (c) => riskSettings(c.values).coverage.warnMin, 0.4],
  ['CF-31', 'TAMIYO_COVERAGE_CRITICAL_MAX', '0.05', (c) => riskSettings(c.values).coverage.criticalMax, 0.05],
  ['CF-31', 'TAMIYO_UNREAD_MS', '7', (c) => storeSettings(c).runtime.unreadMsMax, 7],
  ['CF-31', 'TAMIYO_COMMAND_EXPIRES_MS', '30000', (c) => c.values['seal.expiresInMs'], 30_000],
];

describe('settings of the prototype, each with an effect', () => {
  it.each([
    [{}, 250],
    [{ TAMIYO_DECISION_DEADLINE_MS: '80' }, 80],
    [{ TAMIYO_DECISION_DEADLINE_MS: '4000' }, 250],
  ])('under %j a run that is overdue goes on for %i ms before its process is killed', (environment, overdueMsMax) => {
    expect(storeSettings(by(environment)).runtime).toMatchObject({ overdueMsMax });
  });

  it.each(CASES)('%s: %s is read and reaches the part that uses it', (_id, name, value, seen, expected) => {
    expect(seen(by({}))).not.toEqual(expected);
    expect(seen(by({ [name]: value }))).toEqual(expected);
  });

  it('CF-19, CF-21: variables that did nothing are gone, and say why', () => {
    expect(problems({ TAMIYO_STRICT_COMMAND_IDS: 'false' })[0]).toMatch(
      /this setting is gone: .*ids are always strict/,
    );
    expect(problems({ TAMIYO_GRAPH_STRICT: '1' })[0]).toMatch(/this setting is gone/);
  });

  it('CF-16, CF-20: what is no longer a choice says so', () => {
    expect(problems({ TAMIYO_VERIFY_UPDATES: 'false' })[0]).toMatch(/always verified/);
    expect(problems({ TAMIYO_CPU_THREADS: '4' })[0]).toMatch(/one thread/);
  });

  it('D-35: no setting is without effect: each changes the digest that stands in every decision', () => {
    const plain = by({}).digest;
    for (const [id, name, value] of CASES) expect(by({ [name]: value }).digest, `${id} ${name}`).not.toBe(plain);
  });

  it('D-35: an explicit value wins even when it is the default of something else, and no failure falls back', () => {
    expect(by({ TAMIYO_STEP_TIMEOUT_MS: '15.0' }).values['deadlines.inferenceMs']).toBe(15);
    expect(problems({ TAMIYO_STEP_TIMEOUT_MS: 'fast' })).toHaveLength(1);
  });

  it('CF-32: values out of range, unknown modes and crossed bounds are refused by name', () => {
    const bad: readonly (readonly [string, string])[] = [
      ['TAMIYO_FIELD_REPORT_RETENTION_HOURS', '-1'],
      ['TAMIYO_STEP_TIMEOUT_MS', 'NaN'],
      ['TAMIYO_BLEND_MODE_DEFAULT', 'MAGIC'],
      ['TAMIYO_BLEND_ALPHA_VEC_MAX', '65'],
      ['TAMIYO_FLAGS_UNTIL', 'tomorrow'],
    ];
    for (const [name, value] of bad) {
      const key = (Object.keys(KNOBS) as ConfigKey[]).find((one) => KNOBS[one].env === name);
      expect(problems({ [name]: value })[0], name).toContain(`${key}: `);
    }
    expect(problems({ TAMIYO_BLEND_ALPHA_LO: '0.8', TAMIYO_BLEND_ALPHA_HI: '0.2' })[0]).toBe(
      'blend.alphaLo: 0.8 is above blend.alphaHi, which is 0.2',
    );
  });

  it('CF-32: the configuration is one frozen object', () => {
    const config = by({});
    expect([config, config.values, config.sources].every(Object.isFrozen)).toBe(true);
  });
});

import { RegistryError, type RegistryErrorCode } from '@esper/registry';
import { describe, expect, it } from 'vitest';
import { DecisionError, TAMIYO_ERRORS, TamiyoError, type TamiyoErrorCode } from '../../src/errors.js';
import { PROBLEM } from '../../src/http/api-schemas.js';
import { HTTP_ERRORS, HttpError, type HttpErrorCode } from '../../src/http/errors.js';
import { POLICY_STATUSES } from '../../src/http/policy-statuses.js';
import { problemOf, problemStatuses } from '../../src/http/problem.js';

/** Codes that only a start, a tool or the demo can meet. */
const NEVER_ANSWERED = new Set<string>([
  'LISTEN_FAILED',
  'TOKENS_UNUSABLE',
  'CONFIG_INVALID',
  'OPTION_INVALID',
  'INPUT_UNREADABLE',
  'PATH_UNUSABLE',
  'DECISION_UNKNOWN',
  'POLICY_MISSING',
  'CHECKPOINT_REFUSED',
  'POLICY_UNUSABLE',
  'CATALOGUE_MISSING',
  'KEYS_MISSING',
  'LEDGER_LOSSY',
  'RECORD_DAMAGED',
  'DEMO_FAILED',
  'REPLAY_NOTHING',
  'HOST_UNREACHABLE',
]);

describe('problem details', () => {
  it('every code that an answer can carry has its status, and no status is for a code that is gone', () => {
    const known = [...Object.keys(HTTP_ERRORS), ...Object.keys(TAMIYO_ERRORS)].filter(
      (code) => !NEVER_ANSWERED.has(code),
    );
    const ofPolicies = Object.keys(POLICY_STATUSES);
    expect(
      problemStatuses()
        .map(([code]) => code)
        .sort(),
    ).toEqual([...known, ...ofPolicies].sort());
    for (const [code, status] of problemStatuses().filter((entry) => !ofPolicies.includes(entry[0]))) {
      const error = Object.hasOwn(HTTP_ERRORS, code)
        ? new HttpError(code as HttpErrorCode, 'a message')
        : new DecisionError(code as TamiyoErrorCode, 'a message');
      const problem = PROBLEM.parse(problemOf(error, 'id'));
      expect(problem).toMatchObject({ code, status, type: `urn:esper:tamiyo:error:${code.toLowerCase()}` });
      expect(problem.next.length, code).toBeGreaterThan(5);
    }
  });

  it('a refused policy keeps the code, the words and the next step of the registry; a chance namesake does not', () => {
    for (const [code, { status }] of Object.entries(POLICY_STATUSES)) {
      const error = new RegistryError(code as RegistryErrorCode, 'table seed: digest a expected, b found');
      const problem = PROBLEM.parse(problemOf(error, 'id'));
      expect(problem).toMatchObject({ code, status, detail: error.message, next: error.next, retryable: false });
    }
    const namesake = Object.assign(new Error('/somebody'), { code: 'POLICY_NONE', next: '' });
    expect(problemOf(namesake, 'id')).toMatchObject({ code: 'INTERNAL', status: 500 });
    expect(problemOf(new RegistryError('STORE_LOCKED', '/somebody'), 'id')).toMatchObject({ code: 'INTERNAL' });
  });

  it('what we did not foresee is INTERNAL, and its words stay in the log', () => {
    const path = '/somebody/keys.json';
    const hidden = [
      new Error(path),
      new DecisionError('INTERNAL', path),
      new DecisionError('RECORD_FAILED', path),
      new DecisionError('SEAL_FAILED', path, { attributes: { path } }),
      new TamiyoError('POLICY_UNUSABLE', path),
      path,
      undefined,
    ];
    for (const error of hidden) expect(JSON.stringify(problemOf(error, 'id'))).not.toContain('somebody');
    expect(problemOf(new TamiyoError('POLICY_UNUSABLE', path), 'id')).toMatchObject({ code: 'INTERNAL', status: 500 });
  });
});

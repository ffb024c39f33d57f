import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { deviations, folderRunners, type VectorOutcome, vectorRunners } from '../src/testing.js';

const FOLDER = process.env['TAMIYO_VECTORS'] ?? '';
const there = FOLDER !== '' && existsSync(FOLDER);

function check(outcomes: readonly VectorOutcome[]): void {
  const known = new Set(deviations.map(({ id }) => id));
  for (const outcome of outcomes) {
    expect(outcome).not.toMatchObject({ kind: 'unexplained' });
    if (outcome.kind === 'explained') expect(outcome.deviation.split('+').every((id) => known.has(id))).toBe(true);
  }
}

describe('recorded behaviour of the prototype', () => {
  it.skipIf(!there).each(Object.keys(vectorRunners) as (keyof typeof vectorRunners)[])(
    'with TAMIYO_VECTORS: %s has no unexplained difference',
    async (name) => {
      const lines = createInterface({ input: createReadStream(join(FOLDER, `${name}.jsonl`), 'utf8') });
      for await (const line of lines) if (line !== '') check(vectorRunners[name](JSON.parse(line)));
    },
  );

  it.skipIf(!there)('with TAMIYO_VECTORS: wal has no unexplained difference', () => {
    const root = join(FOLDER, 'wal');
    const read = (path: string) =>
      existsSync(join(root, path)) ? new Uint8Array(readFileSync(join(root, path))) : undefined;
    check(folderRunners.wal({ files: readdirSync(root), read }));
  });
});

describe('hand-written cases', () => {
  const outcomeLine = (change: object, out: object) => ({
    in: {
      command: { commandId: 'c', issuedAt: '2025-06-01T12:00:00Z', commandType: 'COMMAND_SEED', ...change },
      timed_out: false,
      events: [],
      last_action: {},
      metrics: {},
      training_run_id: 'r',
      loss_delta: 0.5,
    },
    out: {
      outcome: 'FIELD_REPORT_OUTCOME_SUCCESS',
      notes: '',
      metrics: { loss_delta: 0.5 },
      report: { reportId: 'field-report-0' },
      ...out,
    },
  });

  it('a seed with nothing against it is equal but for its name', () => {
    expect(vectorRunners['field-report-outcome'](outcomeLine({}, {}))).toEqual([
      { kind: 'equal' },
      { kind: 'explained', deviation: 'DEV-FR-01' },
    ]);
  });

  it('a pause that was called a success is explained', () => {
    const line = outcomeLine(
      { commandType: 'COMMAND_PAUSE', annotations: { risk_reason: 'policy_risk_critical' } },
      {},
    );
    expect(vectorRunners['field-report-outcome'](line)[0]).toEqual({ kind: 'explained', deviation: 'DEV-FR-03' });
  });

  it('a recording that is not what the prototype does is noticed', () => {
    expect(vectorRunners['field-report-outcome'](outcomeLine({}, { notes: 'x' }))[0]).toMatchObject({
      kind: 'unexplained',
    });
    expect(vectorRunners['field-report-outcome'](outcomeLine({}, { metrics: { loss_delta: 0.25 } }))[0]).toMatchObject({
      kind: 'unexplained',
    });
    const window = {
      effective: 2,
      steps: [{ in: windowStep(), out: { reports: [{ reportId: 'x', outcome: 'y', metrics: {} }] } }],
    };
    expect(vectorRunners['observation-windows'](window)[0]).toMatchObject({ kind: 'unexplained' });
  });

  const windowStep = () => ({
    command: { commandId: 'c', issuedAt: '2025-06-01T12:00:00Z' },
    training_run_id: 'r',
    current_epoch: 0,
    metrics: {},
    events: [],
    loss_delta: 0,
  });

  it('side files: equal when all types fit, explained when one does not', () => {
    const run = vectorRunners.sidecars;
    const line = (text: string, table: object, errors: string[] = []) => ({
      kind: 'retry_index',
      file_text: text,
      out: { table, errors },
    });
    expect(run(line('{"a":{"published":true,"retry_count":1}}', { a: { published: true, retry_count: 1 } }))).toEqual([
      { kind: 'equal' },
    ]);
    expect(run(line('{"a":{"published":"false"}}', { a: { published: true, retry_count: 0 } }))).toEqual([
      { kind: 'explained', deviation: 'DEV-FR-20' },
    ]);
    expect(run(line('{', {}))).toEqual([{ kind: 'explained', deviation: 'DEV-FR-21' }]);
  });
});

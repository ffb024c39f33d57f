import { logNameOf } from '@esper/telemetry';
import { buildPacket, settle } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { eventsOf, toldFixture } from './support/told-fixture.js';

const packet = (step: number) => buildPacket({ packetId: `run-1-step-${step}`, globalStep: step });
const metric = (
  packets: ReturnType<typeof toldFixture>['packets'],
  name: string,
  attributes: Record<string, string> = {},
) =>
  packets
    .at(-1)
    ?.metrics.find(
      (point) =>
        point.name === name && Object.entries(attributes).every(([key, value]) => point.attributes?.[key] === value),
    )?.value;

describe('a deadline that passes', () => {
  it('TM-05: late inference is CRITICAL telemetry that names run, packet, reason and budget', async () => {
    const fixture = toldFixture({ settings: { inferenceDeadlineMs: 5 } });
    fixture.inference.hanging = true;
    await fixture.engine.decide('run-1', packet(1));
    const [told] = fixture.packets;
    expect(told).toMatchObject({
      priority: 'CRITICAL',
      health: { status: 'DEGRADED', summary: 'timeout_inference' },
    });
    expect(told?.events[0]).toMatchObject({
      description: 'timeout_inference',
      level: 'CRITICAL',
      attributes: {
        training_run_id: 'run-1',
        packet_id: 'run-1-step-1',
        reason: 'timeout_inference',
        budget_ms: '5.0',
      },
    });
  });

  it('TM-08: the failed decision has its field report, NEUTRAL, with a note that begins with timeout', async () => {
    const fixture = toldFixture();
    fixture.inference.hanging = true;
    await fixture.engine.decide('run-1', packet(1));
    await settle();
    const [failure] = fixture.journal.records;
    if (failure?.kind !== 'failure') throw new Error('a failure was expected');
    expect(failure.fieldReport).toMatchObject({
      reportId: `fr-${failure.decisionId}`,
      outcome: 'NEUTRAL',
      notes: expect.stringMatching(/^timeout/),
    });
    expect(fixture.fieldReports).toEqual([failure.fieldReport]);
  });

  it('D-16: a late inference keeps its breaker event, its mode and its report, and stops further calls', async () => {
    const fixture = toldFixture();
    fixture.inference.hanging = true;
    for (const step of [1, 2, 3, 4]) await fixture.engine.decide('run-1', packet(step));
    expect(fixture.inference.calls).toBe(3);
    expect(eventsOf(fixture.packets[2])).toEqual(['timeout_inference', 'breaker_event', 'conservative_entered']);
    expect(fixture.parts.runs.get('run-1').risk.mode.kind).toBe('on');
    expect(fixture.fieldReports).toHaveLength(4);
  });

  it('TM-10: a late lookup is CRITICAL telemetry too', async () => {
    const fixture = toldFixture({ settings: { metadataDeadlineMs: 20 } });
    fixture.library.hanging = true;
    await fixture.engine.decide('run-1', packet(1));
    expect(fixture.packets[0]).toMatchObject({ priority: 'CRITICAL', health: { summary: 'timeout_urza' } });
    expect(fixture.packets[0]?.events[0]).toMatchObject({
      description: 'timeout_urza',
      attributes: { reason: 'timeout_urza', budget_ms: '20.0', packet_id: 'run-1-step-1' },
    });
  });

  it('TM-11, D-17: the metadata breaker counts a late lookup, and its event is told', async () => {
    const fixture = toldFixture({ settings: { metadataDeadlineMs: 10 } });
    fixture.library.hanging = true;
    await fixture.engine.decide('run-1', packet(1));
    expect(fixture.packets[0]?.events).toContainEqual(
      expect.objectContaining({
        description: 'breaker_event',
        attributes: expect.objectContaining({ component: 'metadata', action: 'count' }),
      }),
    );
  });

  it('TM-12: there is no silent first lookup: a late one is told and counted in the step it happened', async () => {
    const fixture = toldFixture({ settings: { metadataDeadlineMs: 10 } });
    fixture.library.hanging = true;
    await fixture.engine.decide('run-1', packet(1));
    fixture.library.hanging = false;
    fixture.inference.answer = { action: 1 };
    await fixture.engine.decide('run-1', packet(2));
    expect(metric(fixture.packets, 'tamiyo.timeouts_total', { kind: 'metadata' })).toBe(1);
  });

  it('TM-13: a time-out error of the library itself is a failing library, not our deadline', async () => {
    const fixture = toldFixture();
    const theirs = new Error('connect ETIMEDOUT');
    theirs.name = 'TimeoutError';
    fixture.library.failing = theirs;
    expect(await fixture.engine.decide('run-1', packet(1))).toMatchObject({
      ok: false,
      error: { code: 'CATALOGUE_FAILED', facts: { reason: 'urza_failure' } },
    });
  });

  it('TM-14: a lookup that answers too late changes nothing any more', async () => {
    const fixture = toldFixture({ settings: { metadataDeadlineMs: 10 } });
    let late: (value: readonly never[]) => void = () => undefined;
    const own = fixture.library.candidates.bind(fixture.library);
    fixture.library.hanging = true;
    fixture.library.candidates = () =>
      new Promise((resolve) => {
        late = resolve;
      });
    await fixture.engine.decide('run-1', packet(1));
    const after = fixture.parts.runs.get('run-1');
    late([]);
    await settle();
    expect(fixture.parts.runs.get('run-1')).toBe(after);
    expect(fixture.journal.kinds()).toEqual(['failure']);
    fixture.library.candidates = own;
    fixture.library.hanging = false;
    fixture.inference.answer = { action: 1 };
    expect((await fixture.engine.decide('run-1', packet(2))).ok).toBe(true);
  });

  it('TM-15: the deadline of a decision runs while it waits behind others of its run', async () => {
    const fixture = toldFixture({ decisionDeadlineMs: 1_000, settings: { metadataDeadlineMs: 0 } });
    fixture.library.hanging = true;
    const [first, second] = await Promise.all([
      fixture.engine.decide('run-1', packet(1)),
      fixture.engine.decide('run-1', packet(2)),
    ]);
    expect(first).toMatchObject({ ok: false, error: { code: 'TIMEOUT_URZA' } });
    expect(second).toMatchObject({
      ok: false,
      error: { code: 'DEADLINE_DECISION', facts: { attributes: { arrow: 'validate', budget_ms: '1000.0' } } },
    });
  });

  it('TM-16: every decision packet shows its budgets', async () => {
    const fixture = toldFixture({
      config: { environment: { TAMIYO_STEP_TIMEOUT_MS: '7.25', TAMIYO_METADATA_TIMEOUT_MS: '31' } },
    });
    fixture.inference.answer = { action: 1 };
    await fixture.engine.decide('run-1', packet(1));
    expect(fixture.packets[0]?.health.indicators).toMatchObject({
      timeout_budget_ms: '7.3',
      metadata_timeout_budget_ms: '31.0',
      decision_timeout_budget_ms: '250.0',
    });
  });

  it('TM-17: in logs the events are of the family tamiyo.timeout_*', async () => {
    const fixture = toldFixture({ settings: { metadataDeadlineMs: 10 } });
    fixture.library.hanging = true;
    await fixture.engine.decide('run-1', packet(1));
    fixture.library.hanging = false;
    fixture.inference.hanging = true;
    await fixture.engine.decide('run-1', packet(2));
    expect(fixture.packets.map((told) => logNameOf(told.events[0]?.description ?? ''))).toEqual([
      'tamiyo.timeout_urza',
      'tamiyo.timeout_inference',
    ]);
  });

  it('TM-18: deadlines that passed are counted by kind', async () => {
    const fixture = toldFixture({ settings: { metadataDeadlineMs: 10 } });
    fixture.inference.hanging = true;
    await fixture.engine.decide('run-1', packet(1));
    await fixture.engine.decide('run-1', packet(2));
    fixture.library.hanging = true;
    await fixture.engine.decide('run-1', packet(3));
    fixture.library.hanging = false;
    fixture.inference.hanging = false;
    fixture.inference.answer = { action: 1 };
    await fixture.engine.decide('run-1', packet(4));
    expect(metric(fixture.packets, 'tamiyo.timeouts_total', { kind: 'inference' })).toBe(2);
    expect(metric(fixture.packets, 'tamiyo.timeouts_total', { kind: 'metadata' })).toBe(1);
    expect(metric(fixture.packets, 'tamiyo.timeouts_total', { kind: 'decision' })).toBe(0);
  });
});

describe('a caller', () => {
  it('may shorten the deadline and not lengthen it', async () => {
    const fixture = toldFixture({ decisionDeadlineMs: 500, settings: { metadataDeadlineMs: 0 } });
    fixture.library.hanging = true;
    const budgetOf = async (deadlineMs: number, step: number) => {
      const outcome = await fixture.engine.decide('run-1', packet(step), { deadlineMs });
      return Number(!outcome.ok && outcome.error.facts.attributes['budget_ms']);
    };
    expect(await budgetOf(20, 1)).toBeLessThanOrEqual(20);
    expect(await budgetOf(5_000, 2)).toBeGreaterThan(20);
    expect(await budgetOf(5_000, 3)).toBeLessThanOrEqual(500);
  });

  it('that goes away gets no command; one that goes while the record is written finds it when it comes back', async () => {
    const fixture = toldFixture();
    fixture.inference.answer = { action: 1 };
    const gone = new AbortController();
    gone.abort();
    expect(await fixture.engine.decide('run-1', packet(1), { signal: gone.signal })).toMatchObject({
      ok: false,
      error: { code: 'DECISION_CANCELLED' },
    });
    const leaving = new AbortController();
    let open = (): void => undefined;
    fixture.journal.gate = new Promise((resolve) => {
      open = resolve;
    });
    const outcome = fixture.engine.decide('run-1', packet(2), { signal: leaving.signal });
    await settle();
    leaving.abort();
    fixture.journal.gate = undefined;
    open();
    const first = await outcome;
    const again = await fixture.engine.decide('run-1', packet(2));
    expect(again.ok && first.ok && again.value.bytes).toEqual(first.ok && first.value.bytes);
  });
});

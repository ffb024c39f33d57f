import { buildDecisionReport, FieldReports } from '@esper/field-reports';
import { buildCommand, FakeClock } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { publishDue } from '../../src/host/upkeep.js';

const reportOf = (commandId: string) =>
  buildDecisionReport({
    command: buildCommand({ commandId }),
    policyVersion: 'p1',
    events: [],
    measured: {},
    mitigations: [],
  });

async function reportsOver(publish: () => boolean) {
  const reports = new FieldReports({
    clock: new FakeClock(),
    random: () => 0,
    journal: { append: async () => undefined },
    publisher: { publish: async () => publish() },
  });
  await reports.restored();
  return reports;
}

describe('publishing what is due', () => {
  it('goes on until nothing is: one turn a second keeps up with more reports than one flush takes', async () => {
    const reports = await reportsOver(() => true);
    for (let at = 0; at < 1_000; at += 1) reports.decided(reportOf(`c-${at}`));
    await publishDue(reports);
    expect(reports.stats()).toMatchObject({ publishedTotal: 1_000, pending: 0, droppedTotal: 0 });
  });

  it('ends when the bus takes nothing', async () => {
    let asked = 0;
    const reports = await reportsOver(() => {
      asked += 1;
      return false;
    });
    for (let at = 0; at < 1_000; at += 1) reports.decided(reportOf(`c-${at}`));
    await publishDue(reports);
    expect(asked).toBe(1_000);
    expect(reports.stats()).toMatchObject({ pending: 1_000, retryBacklog: 1_000 });
  });
});

import type { Alert, AlertRule } from '../alert.ts';
import { metric } from '../metric-names.ts';
import { MINUTE } from '../time-scale.ts';
import { eventAlert } from './event-alert.ts';
import { levelAlert } from './level-alert.ts';

const SILENT = metric('tamiyo.sharing.unavailable_total');
const TAKEN_OVER = metric('tamiyo.sharing.taken_over_total');
const REFUSED = metric('tamiyo.sharing.lost_total');
const NOT_ASKED = metric('tamiyo.library.lookups_refused_total');
const LEDGER_CODES = ['LEDGER_LOST_RUN', 'LEDGER_UNTRUSTED'] as const;
const UNUSABLE = metric('tamiyo.decisions.failed_total', { code: `~${LEDGER_CODES.join('|')}` });
const unusableSeries = (code: (typeof LEDGER_CODES)[number]): string =>
  metric('tamiyo.decisions.failed_total', { code, fault: 'host' });
/** One call that is not answered in time is a busy Redis; so many are one that is away. */
const SILENT_CALLS_MIN = 5;

const ranOut = (rule: string, counter: string): AlertRule => ({
  rule,
  severity: 'ticket',
  forSeconds: 0,
  expr: (at) => `sum by (instance) (increase(${counter}[${at.range(15 * MINUTE)}])) > 0.5`,
});

/** What hosts have in common: the ledger they share their runs by, and the library. */
export const SHARING_ALERTS = [
  levelAlert({
    name: 'TamiyoLedgerUnavailable',
    summary: 'Redis does not answer the ledger that hosts share their runs by: no packet gets a command.',
    severity: 'page',
    expr: (at) => `sum by (instance) (increase(${SILENT}[${at.range(2 * MINUTE)}])) > ${SILENT_CALLS_MIN - 0.5}`,
    bad: { [SILENT]: '0x18 6x2' },
    well: { [SILENT]: '6x18 8x2' },
  }),
  levelAlert({
    name: 'TamiyoLedgerUnusable',
    summary: 'Redis lost runs that this host has written to, or holds what no host of this secret wrote.',
    severity: 'page',
    expr: (at) => `sum by (instance, code) (increase(${UNUSABLE}[${at.range(5 * MINUTE)}])) > 0.5`,
    bad: { [unusableSeries('LEDGER_LOST_RUN')]: '0x18 1x2', [unusableSeries('LEDGER_UNTRUSTED')]: '0x20' },
    well: { [unusableSeries('LEDGER_LOST_RUN')]: '3x20', [unusableSeries('LEDGER_UNTRUSTED')]: '0x20' },
    labels: { code: 'LEDGER_LOST_RUN' },
  }),
  {
    name: 'TamiyoLeaseRanOut',
    summary: 'A host was killed, stood still or was cut off while it decided, for longer than its lease.',
    rules: [ranOut('taken-over', TAKEN_OVER), ranOut('write-refused', REFUSED)],
    cases: [
      {
        name: 'this host took runs over',
        series: { [TAKEN_OVER]: '0x18 2x2', [REFUSED]: '0x20' },
        atMinute: 20,
        fires: [{ rule: 'taken-over' }],
      },
      {
        name: 'this host came too late',
        series: { [TAKEN_OVER]: '0x20', [REFUSED]: '0x18 1x2' },
        atMinute: 20,
        fires: [{ rule: 'write-refused' }],
      },
      {
        name: 'long ago',
        series: { [TAKEN_OVER]: '0x5 2x30', [REFUSED]: '0x5 1x30' },
        atMinute: 35,
        fires: [],
      },
    ],
  },
  eventAlert({
    name: 'TamiyoCatalogueStale',
    summary: 'Urza’s database cannot be read again and again: blueprints that are new or withdrawn there are not seen.',
    event: 'catalogue_stale',
    severity: 'ticket',
    least: 2,
    withinSeconds: 15 * MINUTE,
  }),
  levelAlert({
    name: 'TamiyoLibraryNotAsked',
    summary: 'So many look-ups of blueprints are unanswered that no more are made: no packet gets a command.',
    severity: 'page',
    expr: (at) => `sum by (instance) (increase(${NOT_ASKED}[${at.range(5 * MINUTE)}])) > 0.5`,
    bad: { [NOT_ASKED]: '0x18 3x2' },
    well: { [NOT_ASKED]: '3x20' },
  }),
] as const satisfies readonly Alert[];

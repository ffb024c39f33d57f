import { event, metric } from '../metric-names.ts';
import { type Dashboard, type Panel, RATE, type Target } from './dashboard.ts';

const rate = (selector: string): string => `rate(${selector}[${RATE}])`;
const byHost = (selector: string, what: string): Target => ({
  expr: `sum by (instance) (${rate(selector)})`,
  legend: `{{instance}} ${what}`,
});
const failedByCode = (codes: string): Target => ({
  expr: `sum by (code) (${rate(metric('tamiyo.decisions.failed_total', { code: `~${codes}` }))})`,
  legend: '{{code}}',
});
const lines = (panel: Pick<Panel, 'title' | 'about' | 'targets'> & Partial<Panel>): Panel => ({
  kind: 'lines',
  unit: 'ops',
  width: 12,
  ...panel,
});
const REFUSED_CODES = 'RUN_ELSEWHERE|LEASE_LOST|LEDGER_UNAVAILABLE|LEDGER_LOST_RUN|LEDGER_UNTRUSTED';
const LIBRARY_CODES = 'CATALOGUE_FAILED|TIMEOUT_URZA';

/** What hosts have in common. */
export const SHARING: Dashboard = {
  uid: 'tamiyo-sharing',
  title: 'Tamiyo: several hosts, and the library',
  about: 'How runs move between hosts, how the ledger on Redis answers, and how the blueprint library does.',
  rows: [
    {
      title: 'Runs between hosts',
      panels: [
        lines({
          title: 'Decisions, a second, by host',
          about: 'What each host answered with a new command. How the load is spread.',
          kind: 'stack',
          targets: [byHost(metric('tamiyo.decisions.delivered_total'), 'delivered')],
        }),
        lines({
          title: 'Runs that came from another host, a second',
          about:
            'Handed over: the other host was idle with it, so nobody waits. Taken over: its lease had to run out first.',
          targets: [
            byHost(metric('tamiyo.sharing.handed_over_total'), 'handed over'),
            byHost(metric('tamiyo.sharing.taken_over_total'), 'taken over'),
          ],
        }),
        lines({
          title: 'Packets that another host was asked about, a second',
          about: 'Turned away: their run was being decided elsewhere. Repeated: answered with what the ledger held.',
          targets: [
            byHost(metric('tamiyo.sharing.held_total'), 'turned away'),
            byHost(metric('tamiyo.sharing.repeated_total'), 'repeated'),
          ],
        }),
        lines({
          title: 'Packets without a command because runs are shared, a second',
          about: 'By code. RUN_ELSEWHERE is asked again a moment later; the others say that something is wrong.',
          targets: [failedByCode(REFUSED_CODES)],
        }),
      ],
    },
    {
      title: 'The ledger',
      panels: [
        lines({
          title: 'Calls that Redis did not answer, a second',
          about: 'Away, hung, cut off or full. While it lasts there are no commands.',
          targets: [byHost(metric('tamiyo.sharing.unavailable_total'), 'unanswered')],
        }),
        lines({
          title: 'Writes refused by the fence, a second',
          about: 'This host came too late: another one had taken the run over. Nothing was issued twice.',
          targets: [byHost(metric('tamiyo.sharing.lost_total'), 'refused')],
        }),
      ],
    },
    {
      title: 'The library',
      panels: [
        lines({
          title: 'Look-ups that are not answered',
          about: 'Given up in the last ten seconds and still unanswered. At 64 the library is asked nothing more.',
          unit: 'short',
          targets: [
            { expr: `max by (instance) (${metric('tamiyo.library.lookups_abandoned')})`, legend: '{{instance}}' },
          ],
          limit: 64,
        }),
        lines({
          title: 'Look-ups, a second',
          about: 'Given up because their deadline passed, and not made because too many had been.',
          targets: [
            byHost(metric('tamiyo.library.lookups_abandoned_total'), 'given up'),
            byHost(metric('tamiyo.library.lookups_refused_total'), 'not made'),
          ],
        }),
        lines({
          title: 'Packets without a command because of the library, a second',
          about: 'By code.',
          targets: [failedByCode(LIBRARY_CODES)],
        }),
        lines({
          title: 'Urza’s database could not be read, in five minutes',
          about: 'Looked at every five seconds. What was read before stays in force.',
          unit: 'short',
          targets: [{ expr: `sum by (instance) (increase(${event('catalogue_stale')}[5m]))`, legend: '{{instance}}' }],
        }),
      ],
    },
  ],
};

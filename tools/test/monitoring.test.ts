import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { apiRoutes } from '../../apps/tamiyo/src/http/api-routes.ts';
import { OPERATOR_ORDER } from '../../apps/tamiyo/src/http/api-schemas.ts';
import { ROOT } from '../cli/workspace.ts';
import { type Alert, pageOf } from '../monitoring/alert.ts';
import { ALERT_GROUPS, ALERTS } from '../monitoring/alert-table.ts';
import { FOLDER, generatedFiles, staleFiles } from '../monitoring/generated-files.ts';
import { rulesFile } from '../monitoring/rules-file.ts';
import { commandsOf, type NamedCommand } from '../monitoring/runbook-commands.ts';
import { timeScale } from '../monitoring/time-scale.ts';
import { tamiyoProgram } from './tamiyo-program.ts';

const GROUPS = Object.keys(ALERT_GROUPS);
const PAGES = join(ROOT, 'docs', 'runbook');
const work = mkdtempSync(join(tmpdir(), 'monitoring-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const promtool = (...args: readonly string[]) => spawnSync('promtool', [...args], { encoding: 'utf8', cwd: work });
const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

describe('what is made from the tables', () => {
  it('is committed as the tables have it now (pnpm monitoring --write)', async () => {
    expect(await staleFiles(ROOT)).toEqual([]);
    const own = join(work, 'own');
    expect(await staleFiles(own)).toEqual(Object.keys(generatedFiles()).sort());
  });

  it('durations are written shorter by the scale, whole ones as people do', () => {
    const [real, hundredth] = [timeScale(1), timeScale(0.01)];
    expect([real.range(259_200), real.range(3600), real.range(300), real.range(90)]).toEqual(['3d', '1h', '5m', '90s']);
    expect([hundredth.range(300), hundredth.range(30), hundredth.seconds(1800)]).toEqual(['3s', '300ms', 18]);
  });

  it('DG-13: any dependency violation pages within five minutes', () => {
    const alert = ALERTS.find(({ name }) => name === 'TamiyoDependencyViolation');
    const rule = alert?.rules[0];
    expect(rule).toMatchObject({ severity: 'page', forSeconds: 0 });
    expect(rule?.expr(timeScale(1))).toBe(
      'sum by (instance) (increase(tamiyo_events_total{event="dependency_guard.violation"}[5m])) > 0.5',
    );
  });

  it('RT-17: the alerts of the catalogue that consume what Tamiyo says are there, with their severities', () => {
    const severities = Object.fromEntries(
      ALERTS.map((alert) => [alert.name, alert.rules.map((rule) => rule.severity)]),
    );
    expect(severities).toMatchObject({
      TamiyoCoverageLow: ['ticket'],
      TamiyoBsdsCritical: ['page'],
      TamiyoBsdsHigh: ['ticket'],
      TamiyoBsdsElevatedRisk: ['page'],
      TamiyoBusBacklog: ['ticket'],
      TamiyoIsolationViolations: ['page'],
      TamiyoTrainingSlow: ['ticket'],
    });
  });
});

describe('unit tests of the rules', () => {
  it('every rule is seen to fire and seen not to fire', () => {
    const seen = (alert: Alert, rule: string, fires: boolean): boolean =>
      alert.cases.some((one) => one.fires.some((fired) => fired.rule === rule) === fires);
    const unseen = ALERTS.flatMap((alert) =>
      alert.rules
        .filter(({ rule }) => !seen(alert, rule, true) || !seen(alert, rule, false))
        .map(({ rule }) => `${alert.name} ${rule}`),
    );
    expect(unseen).toEqual([]);
    expect(new Set(ALERTS.map(({ name }) => name)).size).toBe(ALERTS.length);
  });

  it.skipIf(!hasPromtool)('promtool takes the rules, at any scale, and their tests pass', () => {
    for (const [name, text] of Object.entries(generatedFiles())) writeFileSync(join(work, name), text);
    for (const group of GROUPS) writeFileSync(join(work, `${group}.short.yml`), rulesFile(group, 0.01));
    const files = (ending: string) => GROUPS.map((group) => `${group}.${ending}`);
    expect(promtool('check', 'rules', ...files('rules.yml'), ...files('short.yml'))).toMatchObject({ status: 0 });
    expect(promtool('test', 'rules', ...files('test.yml'))).toMatchObject({ status: 0, stderr: '' });
  });

  it.skipIf(!hasPromtool)('the tests notice when a rule is another: a threshold, a duration, a name', () => {
    const { 'tamiyo-host.rules.yml': rules = '', 'tamiyo-host.test.yml': tests = '' } = generatedFiles();
    writeFileSync(join(work, 'tamiyo-host.test.yml'), tests);
    const changes: readonly (readonly [string, string])[] = [
      ['> 0.05"', '> 0.5"'],
      ['for: "1m"', 'for: "15m"'],
      ['alert: "TamiyoHostDown"', 'alert: "TamiyoHostUp"'],
    ];
    for (const [from, to] of changes) {
      expect(rules).toContain(from);
      writeFileSync(join(work, 'tamiyo-host.rules.yml'), rules.replaceAll(from, to));
      expect(promtool('test', 'rules', 'tamiyo-host.test.yml').status, from).toBe(1);
    }
  });
});

describe('the runbook', () => {
  const pages = readdirSync(PAGES).filter((name) => name !== 'README.md');
  const textOf = (page: string): string => readFileSync(join(PAGES, page), 'utf8');
  const commands = [...pages, 'README.md'].flatMap((page) => commandsOf(page, textOf(page)));
  const used = (program: NamedCommand['program']) => commands.filter((command) => command.program === program);

  it('each alert has its page and each page its alert; the table on the front is theirs', () => {
    expect(pages.sort()).toEqual(ALERTS.map(pageOf).sort());
    const front = textOf('README.md');
    for (const alert of ALERTS) {
      expect(front).toContain(`| [${alert.name}](${pageOf(alert)}) |`);
      expect(front).toContain(alert.summary);
      const text = textOf(pageOf(alert));
      expect(text.startsWith(`# ${alert.name}\n`)).toBe(true);
      for (const heading of ['\n## Look\n', '\n## Do\n']) expect(text, alert.name).toContain(heading);
    }
  });

  it('rules lead to the pages', () => {
    const linked = [
      ...GROUPS.map((group) => rulesFile(group))
        .join('')
        .matchAll(/runbook_url: "([^"]+)"/g),
    ].map(([, path = '']) => path);
    expect(new Set(linked).size).toBe(pages.length);
    for (const path of linked) expect(existsSync(join(ROOT, path)), path).toBe(true);
  });

  it('every tamiyo command on a page exists, with its options', () => {
    const program = tamiyoProgram();
    expect(used('tamiyo').length).toBeGreaterThan(60);
    const wrong = used('tamiyo').filter(({ words }) => !program.takes(words));
    expect(wrong).toEqual([]);
    expect(program.takes(['wal', 'veryfy'])).toBe(false);
    expect(program.takes(['wal', 'verify', '--deep'])).toBe(false);
    expect(program.takes(['keys'])).toBe(false);
  });

  it('every pnpm script, path and order on a page exists', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object };
    for (const { page, words } of used('pnpm')) expect(Object.keys(scripts), page).toContain(words[0]);
    const paths = apiRoutes().map(([, { path }]) => new RegExp(`^${path.replaceAll(/\{[a-z]+\}/g, '[^/]+')}$`));
    expect(used('curl').length).toBeGreaterThan(20);
    for (const { page, words } of used('curl')) {
      const url = words.find((word) => word.startsWith('http://127.0.0.1:8690/')) ?? '';
      expect(
        paths.some((path) => path.test(url.replace('http://127.0.0.1:8690', ''))),
        `${page} ${url}`,
      ).toBe(true);
      const body = words[words.indexOf('--data') + 1];
      if (words.includes('--data')) expect(OPERATOR_ORDER.safeParse(JSON.parse(body ?? '')).success, page).toBe(true);
    }
  });

  it('links on the pages lead somewhere', () => {
    for (const page of [...pages, 'README.md'])
      for (const [, path = ''] of textOf(page).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g))
        expect(existsSync(join(PAGES, path)), `${page} ${path}`).toBe(true);
  });

  it('dashboards lie beside the rules and name one datasource variable', () => {
    for (const name of Object.keys(generatedFiles()).filter((one) => one.endsWith('.json'))) {
      const board = JSON.parse(readFileSync(join(ROOT, FOLDER, name), 'utf8')) as {
        readonly panels: readonly {
          readonly id: number;
          readonly gridPos: { readonly x: number; readonly w: number };
        }[];
      };
      expect(new Set(board.panels.map(({ id }) => id)).size).toBe(board.panels.length);
      for (const { gridPos } of board.panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    }
  });
});

import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DrillOutcome, runDrill } from '../../drill/drill.ts';
import { ALERTS } from '../alert-table.ts';
import { renderDashboards } from '../render/render-dashboards.ts';
import { HOST_SCENES } from './host-scenes.ts';
import { play, type SceneResult } from './play.ts';
import { freePort, startPrometheus } from './prometheus.ts';
import { RECORD_SCENES } from './record-scenes.ts';
import { RUN_SCENES } from './run-scenes.ts';
import { SHARING_SCENES } from './sharing-scenes.ts';
import { TRAINER_SCENES } from './trainer-scenes.ts';

const SCENES = [...HOST_SCENES, ...RECORD_SCENES, ...RUN_SCENES, ...TRAINER_SCENES, ...SHARING_SCENES];
const SCRAPE_MS = 500;
const DEFAULT_SCALE = '0.01';

/**
 * `pnpm monitoring:fire [--scale 0.01] [--only text] [--render folder]`: a real Prometheus scrapes real hosts, the rules
 * shortened; every alert is made to fire by a real fault.
 */
await runDrill(
  { name: 'monitoring:fire', defaultBudgetMs: 60_000, options: ['scale', 'only', 'render'] },
  async (flags): Promise<DrillOutcome> => {
    if (spawnSync('prometheus', ['--version']).status !== 0)
      return { json: { skipped: true }, failures: ['there is no prometheus here (Debian package prometheus)'] };
    const scale = Number(flags.own['scale'] ?? DEFAULT_SCALE);
    const scenes = SCENES.filter(({ name, fires }) => `${name} ${fires.join(' ')}`.includes(flags.own['only'] ?? ''));
    const folder = await mkdtemp(join(tmpdir(), 'fire-'));
    const port = await freePort();
    const target = `127.0.0.1:${port}`;
    const prometheus = await startPrometheus(folder, { target, scale, scrapeMs: SCRAPE_MS });
    const startedAt = Date.now();
    const results: SceneResult[] = [];
    try {
      for (const scene of scenes) {
        const result = await play(scene, { prometheus, port, folder, patienceMs: flags.budgetMs });
        results.push(result);
        if (!flags.json) console.log(`${scene.name}: ${JSON.stringify(result.rules)}`);
      }
      const render = flags.own['render'];
      if (render !== undefined) await renderDashboards(render, prometheus, { fromMs: startedAt, toMs: Date.now() });
    } finally {
      await prometheus.close();
      await rm(folder, { recursive: true, force: true });
    }
    return outcomeOf(results, flags.own['only'] === undefined);
  },
);

function outcomeOf(results: readonly SceneResult[], whole: boolean): DrillOutcome {
  const rules: SceneResult['rules'] = Object.assign({}, ...results.map((result) => result.rules));
  const wanted = ALERTS.flatMap(({ name, rules: own }) => own.map(({ rule }) => `${name}/${rule}`));
  const unplayed = whole ? wanted.filter((rule) => !Object.hasOwn(rules, rule)) : [];
  const silent = Object.entries(rules).filter(([, { fired }]) => !fired);
  const failures = [
    ...unplayed.map((rule) => `${rule} has no scene`),
    ...silent.map(([rule]) => `${rule} did not fire`),
    ...results.flatMap(({ broke }) => (broke === undefined ? [] : [broke])),
  ];
  return { json: { rules: Object.keys(rules).length, silent: silent.length, unplayed, alerts: rules }, failures };
}

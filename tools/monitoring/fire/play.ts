import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Service } from '../../../apps/tamiyo/src/http/open-service.ts';
import { type HostToOpen, openDrillHost } from './drill-host.ts';
import type { Prometheus } from './prometheus.ts';
import type { Scene, Stage } from './scene.ts';

/** What became of the rules of one scene. */
export interface SceneResult {
  readonly rules: Readonly<Record<string, { readonly fired: boolean; readonly afterS: number | null }>>;
  /** What went wrong besides. */
  readonly broke: string | undefined;
}

interface Theatre {
  readonly prometheus: Prometheus;
  readonly port: number;
  readonly folder: string;
  readonly patienceMs: number;
}

/** Plays one scene to its end. Alerts that fired already from the scene before do not count until they have fallen silent. */
export async function play(scene: Scene, theatre: Theatre): Promise<SceneResult> {
  const firedAt = new Map<string, number>();
  const hosts: Service[] = [];
  const stage: Stage = {
    port: theatre.port,
    folder: () => mkdtemp(join(theatre.folder, 'host-')),
    open: async (host) => {
      await closeAll(hosts);
      const service = await opened(host, theatre.port);
      hosts.push(service);
      return service;
    },
    until: (rules, work) => watch(rules, work, { theatre, firedAt }),
  };
  let broke: string | undefined;
  try {
    await scene.play(stage);
  } catch (cause) {
    broke = `${scene.name}: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`;
  }
  await closeAll(hosts);
  const rules = Object.fromEntries(
    scene.fires.map((rule) => [rule, { fired: firedAt.has(rule), afterS: firedAt.get(rule) ?? null }]),
  );
  return { rules, broke };
}

/** A policy is tried before it is taken, under a deadline that a machine with other work misses now and then. */
const OPENINGS_MAX = 8;

/** Opening is not what is tried here: it is repeated until it has worked. */
async function opened(host: HostToOpen, port: number): Promise<Service> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await openDrillHost(host, port);
    } catch (cause) {
      if (tries === OPENINGS_MAX) throw cause;
    }
  }
}

async function watch(
  rules: readonly string[],
  work: () => Promise<void>,
  at: { readonly theatre: Theatre; readonly firedAt: Map<string, number> },
): Promise<void> {
  const { prometheus, patienceMs } = at.theatre;
  const from = performance.now();
  const before = new Set(await firingRules(prometheus));
  while (performance.now() - from < patienceMs && !rules.every((rule) => at.firedAt.has(rule))) {
    await work();
    const firing = new Set(await firingRules(prometheus));
    for (const rule of before) if (!firing.has(rule)) before.delete(rule);
    for (const rule of firing) {
      if (!before.has(rule) && !at.firedAt.has(rule))
        at.firedAt.set(rule, Number(((performance.now() - from) / 1000).toFixed(1)));
    }
  }
}

const firingRules = async (prometheus: Prometheus): Promise<readonly string[]> =>
  (await prometheus.firing()).map(({ alert, rule }) => `${alert}/${rule}`);

/** A host whose disk was broken on purpose may not close well; it is gone all the same. */
async function closeAll(hosts: Service[]): Promise<void> {
  for (const host of hosts.splice(0)) await host.close().catch(() => undefined);
}

import { availableParallelism, loadavg } from 'node:os';
import { DEFAULT_DIMS, PROTOTYPE_DIMS } from '@esper/policy';
import { DEFAULT_CAPS_COUNTS, TYPICAL_COUNTS } from '@esper/policy/testing';
import { type DrillFlags, type DrillOutcome, runDrill } from '../tools/drill/drill.ts';
import { type GraphFigures, timeForms } from './policy-parts/forms.ts';
import { type HostsFigures, timeHosts } from './policy-parts/hosts.ts';

const SPEEDUP_MIN = 5;
const THREAD_RATIO_MAX = 1.25;
const PROCESS_ADDED_MS_MAX = 0.6;
/** Acceptance of the seed: inference and whole decision. */
const P95_MS_MAX = 45;

const GRAPHS = { caps: DEFAULT_CAPS_COUNTS, typical: TYPICAL_COUNTS } as const;

function report(name: string, graphs: Readonly<Record<string, GraphFigures>>): void {
  for (const [graph, figures] of Object.entries(graphs)) {
    console.error(`${name}, ${graph} graph: ${figures.nodes} nodes, ${figures.edges} edges, one thread`);
    for (const form of ['opByOp', 'compiled', 'int8'] as const) {
      const { p50Ms, p95Ms, p99Ms, cpuMs, bytes, createMs, count } = figures[form];
      const speedup = form === 'opByOp' ? '' : `  ${figures[form].speedup}×`;
      console.error(
        `  ${form.padEnd(9)} p50 ${p50Ms} ms  p95 ${p95Ms}  p99 ${p99Ms}  cpu ${cpuMs}  ${(bytes / 1e6).toFixed(2)} MB  load ${createMs} ms  n=${count}${speedup}`,
      );
    }
  }
}

function reportHosts({ nodes, bare, thread, process }: HostsFigures): void {
  console.error(
    `packet to proposed command, ${nodes} nodes, 256/128: bare session.run p50 ${bare.p50Ms} ms  cpu ${bare.cpuMs}`,
  );
  for (const [name, figures] of Object.entries({ thread, process })) {
    const { p50Ms, p95Ms, p99Ms, cpuMs, ratioToBare, addedMs, stages } = figures;
    console.error(
      `  ${name.padEnd(7)} p50 ${p50Ms} ms  p95 ${p95Ms}  p99 ${p99Ms}  cpu ${cpuMs}  ${ratioToBare}× bare, +${addedMs} ms`,
    );
    console.error(
      `          ${Object.entries(stages)
        .map(([stage, ms]) => `${stage} ${ms}`)
        .join('  ')}`,
    );
  }
}

function judge(typical: GraphFigures, hosts: HostsFigures): readonly string[] {
  const rules: readonly [boolean, string][] = [
    [
      typical.compiled.speedup >= SPEEDUP_MIN,
      `compiled is ${typical.compiled.speedup}× op by op, expected ≥ ${SPEEDUP_MIN}×`,
    ],
    [typical.compiled.p95Ms < P95_MS_MAX, `inference p95 is ${typical.compiled.p95Ms} ms, expected < ${P95_MS_MAX}`],
    [
      hosts.thread.ratioToBare <= THREAD_RATIO_MAX,
      `thread host is ${hosts.thread.ratioToBare}× bare, expected ≤ ${THREAD_RATIO_MAX}×`,
    ],
    [
      hosts.process.addedMs <= PROCESS_ADDED_MS_MAX,
      `process host adds ${hosts.process.addedMs} ms, expected ≤ ${PROCESS_ADDED_MS_MAX}`,
    ],
    [hosts.thread.p95Ms < P95_MS_MAX, `thread path p95 is ${hosts.thread.p95Ms} ms, expected < ${P95_MS_MAX}`],
    [hosts.process.p95Ms < P95_MS_MAX, `process path p95 is ${hosts.process.p95Ms} ms, expected < ${P95_MS_MAX}`],
  ];
  return rules.flatMap(([held, sentence]) => (held ? [] : [sentence]));
}

async function body({ seed, budgetMs, assert }: DrillFlags): Promise<DrillOutcome> {
  // First, as in a host: code that has seen graphs and models of several sizes is slower with each of them.
  const hosts = await timeHosts(PROTOTYPE_DIMS, { seed, budgetMs: 0.25 * budgetMs });
  const prototype = await timeForms(PROTOTYPE_DIMS, GRAPHS, { seed, budgetMs: 0.5 * budgetMs });
  report('256/128', prototype);
  const small = await timeForms(DEFAULT_DIMS, GRAPHS, { seed, budgetMs: 0.25 * budgetMs });
  report('128/64', small);
  reportHosts(hosts);
  const { opByOp, compiled, int8 } = prototype.typical;
  return {
    json: {
      opByOp,
      compiled,
      int8,
      caps: prototype.caps,
      small,
      hosts,
      load1: loadavg()[0],
      cpus: availableParallelism(),
    },
    failures: assert ? judge(prototype.typical, hosts) : [],
  };
}

await runDrill({ name: 'bench policy', defaultBudgetMs: 60_000 }, body);

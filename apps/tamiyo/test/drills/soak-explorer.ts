import { join } from 'node:path';
import { systemClock } from '@esper/std/node';
import { buildPacket, tempFolder } from '@esper/testkit';
import { openWal } from '@esper/wal';
import { nodeDisk } from '@esper/wal/node';
import { readLog } from '../../src/adapters/read-log.js';
import { DiskProbe } from './disk-probe.js';
import { CHILD_FAULTS, type ChildFault, type HostSample } from './host-messages.js';
import { HostProcess } from './host-process.js';
import { slopeRatio } from './soak-figures.js';

/** Faults that can be planted: the drill must notice each. */
export const SOAK_SABOTAGES = {
  leak: CHILD_FAULTS.leak,
  blocked_loop: CHILD_FAULTS.blocked_loop,
  telemetry_swallowed: CHILD_FAULTS.telemetry_swallowed,
  record_skipped: CHILD_FAULTS.record_skipped,
  slow_log: CHILD_FAULTS.slow_log,
  slow_library: CHILD_FAULTS.slow_library,
} as const satisfies Partial<Record<ChildFault, string>>;
export type SoakSabotage = keyof typeof SOAK_SABOTAGES;

export interface SoakPlan {
  /** Packets per second, over all runs. */
  readonly ratePerS: number;
  readonly durationMs: number;
  /** Inference deadline. */
  readonly deadlineMs: number;
  readonly sabotage?: SoakSabotage;
}

/** What one stretch of load came to. */
export interface SoakTotals {
  readonly sent: number;
  readonly decisions: number;
  /** Good packets that got no command, by code. */
  readonly failedByCode: Readonly<Record<string, number>>;
  readonly failed: number;
  /**
   * Those of them that missed the decision deadline while a bare sync beside the host took half of it or more, or within one
   * deadline after it, when what has piled up is worked off.
   */
  readonly failedByDisk: number;
  readonly disk: ReturnType<DiskProbe['figures']>;
  readonly repeated: number;
  /** Packets that were due and could not be sent in their second. */
  readonly behind: number;
  readonly latenciesMs: readonly number[];
  readonly rssSlopeRatio: number;
  readonly rssMeanMib: number;
  readonly eventLoopDelayMs: HostSample['eventLoopDelayMs'];
  readonly ledgerExact: boolean;
  /** One record per decision, and nothing that was acknowledged missing. */
  readonly logExact: boolean;
  readonly elapsedMs: number;
}

const RUNS = 50;
const SAMPLE_EVERY_MS = 250;
const TICK_MS = 5;
const WARM_UP = 50;

/** Opens a host in a process of its own and keeps it busy at a steady rate. */
export async function exploreSoak(plan: SoakPlan): Promise<SoakTotals> {
  const folder = await tempFolder();
  const host = new HostProcess();
  const decisionMs = decisionMsOf(plan);
  const disk = await DiskProbe.start(join(folder.path, 'probe'), decisionMs / 2);
  try {
    const settings = {
      profile: 'harness',
      'deadlines.inferenceMs': String(plan.deadlineMs),
      'deadlines.metadataMs': String(Math.max(25, plan.deadlineMs)),
      'deadlines.decisionMs': String(decisionMs),
      'inference.standbyCount': '1',
    };
    await host.open(folder.path, settings, { fault: plan.sabotage });
    return await new Soak({ host, disk }, plan).run(folder.path);
  } finally {
    await host.kill();
    await disk.stop();
    await folder.remove();
  }
}

const decisionMsOf = ({ deadlineMs }: SoakPlan): number => Math.max(250, 5 * deadlineMs);

class Soak {
  readonly #host: HostProcess;
  readonly #disk: DiskProbe;
  readonly #plan: SoakPlan;
  readonly #decisionMs: number;
  readonly #latenciesMs: number[] = [];
  readonly #failedByCode: Record<string, number> = {};
  /** From when to when each decision lasted that missed its deadline. */
  readonly #missed: (readonly [fromMs: number, toMs: number])[] = [];
  readonly #rss: number[] = [];
  readonly #inFlight = new Set<Promise<void>>();
  readonly #decisionIds = new Set<string>();
  #sent = 0;
  #decisions = 0;
  #repeated = 0;
  #behind = 0;

  constructor({ host, disk }: { readonly host: HostProcess; readonly disk: DiskProbe }, plan: SoakPlan) {
    this.#host = host;
    this.#disk = disk;
    this.#plan = plan;
    this.#decisionMs = decisionMsOf(plan);
  }

  async run(dataDir: string): Promise<SoakTotals> {
    // What is loaded and compiled on the first decisions is not what is measured.
    for (let at = 0; at < WARM_UP; at += 1) await this.#warmUp(at);
    const before = await this.#sample();
    const from = performance.now();
    await this.#load(from);
    await Promise.all(this.#inFlight);
    const elapsedMs = performance.now() - from;
    const after = await this.#sample();
    const failed = Object.values(this.#failedByCode).reduce((sum, count) => sum + count, 0);
    return {
      sent: this.#sent,
      decisions: this.#decisions,
      failedByCode: this.#failedByCode,
      failed,
      failedByDisk: this.#missed.filter(([fromMs, toMs]) => this.#disk.stoodStill(fromMs, toMs, this.#decisionMs))
        .length,
      disk: this.#disk.figures(),
      repeated: this.#repeated,
      behind: this.#behind,
      latenciesMs: this.#latenciesMs,
      rssSlopeRatio: slopeRatio(this.#rss),
      rssMeanMib: Math.round(this.#rss.reduce((sum, bytes) => sum + bytes, 0) / this.#rss.length / 2 ** 20),
      eventLoopDelayMs: after.eventLoopDelayMs,
      // Each decision and each failure has its packet, and the lanes account for all of them.
      ledgerExact: after.ledgerExact && after.emitted - before.emitted >= this.#sent,
      logExact: await this.#logIsExact(dataDir),
      elapsedMs,
    };
  }

  async #warmUp(at: number): Promise<void> {
    const run = `warm-${at % 5}`;
    const reply = await this.#host.decide(run, packetOf(run, at));
    if (reply.kind === 'answered' && reply.value.ok) this.#decisionIds.add(reply.value.decisionId);
  }

  /** Sends what is due, tick by tick. A host that falls behind makes packets wait in their lanes, not here. */
  async #load(from: number): Promise<void> {
    const { ratePerS, durationMs } = this.#plan;
    const total = Math.round((ratePerS * durationMs) / 1000);
    let sampledMs = 0;
    while (this.#sent < total) {
      const elapsedMs = performance.now() - from;
      const due = Math.min(total, Math.floor((elapsedMs * ratePerS) / 1000));
      if (due - this.#sent > ratePerS) this.#behind = Math.max(this.#behind, due - this.#sent);
      while (this.#sent < due) this.#send();
      if (elapsedMs - sampledMs >= SAMPLE_EVERY_MS) {
        sampledMs = elapsedMs;
        this.#rss.push((await this.#sample()).rssBytes);
      }
      await pause(TICK_MS);
    }
  }

  #send(): void {
    const run = `run-${this.#sent % RUNS}`;
    this.#sent += 1;
    const step = Math.ceil(this.#sent / RUNS);
    const work = this.#decide(run, step).finally(() => this.#inFlight.delete(work));
    this.#inFlight.add(work);
  }

  async #decide(run: string, step: number): Promise<void> {
    const fromMs = performance.now();
    const reply = await this.#host.decide(run, packetOf(run, step));
    if (reply.kind === 'gone') return this.#fail('gone');
    const { value } = reply;
    if (!value.ok) {
      if (value.code === 'DEADLINE_DECISION') this.#missed.push([fromMs, performance.now()]);
      return this.#fail(value.code);
    }
    this.#decisions += 1;
    if (value.repeated) this.#repeated += 1;
    this.#latenciesMs.push(value.totalMs);
    this.#decisionIds.add(value.decisionId);
  }

  #fail(code: string): void {
    this.#failedByCode[code] = (this.#failedByCode[code] ?? 0) + 1;
  }

  /** The closed log, read from the front: each acknowledged command once; any other was withheld, and the log says so. */
  async #logIsExact(dataDir: string): Promise<boolean> {
    await this.#host.close();
    const log = await openWal({ disk: nodeDisk(), directory: join(dataDir, 'log'), clock: systemClock });
    const strange = new Set<string>();
    await readLog(log, {
      answersSinceMs: Number.POSITIVE_INFINITY,
      onRecord: (record) => {
        if (record.kind === 'decision' && !this.#decisionIds.delete(record.decisionId)) strange.add(record.decisionId);
        if (record.kind === 'withheld') strange.delete(record.decisionId);
      },
    });
    await log.close();
    return this.#decisionIds.size === 0 && strange.size === 0;
  }

  async #sample(): Promise<HostSample> {
    const reply = await this.#host.sample();
    if (reply.kind === 'gone') throw new Error(`the host is gone: ${this.#host.broken ?? 'without a word'}`);
    return reply.value;
  }
}

const packetOf = (run: string, step: number) =>
  buildPacket({
    trainingRunId: run,
    packetId: `${run}-${step}`,
    globalStep: step,
    currentEpoch: Math.floor(step / 20),
  });

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

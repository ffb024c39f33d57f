import { finiteSignal, type SystemStatePacket } from '@esper/leyline';

/** What an executing side says about the commands it refused, in every packet: a total since its start. */
const REJECTIONS = 'kasmina.command_verifier.rejections_total';
/** Runs whose last total is remembered; the one silent longest is forgotten first. */
const RUNS_MAX = 4096;

/** Adds up, over all runs, the commands that verifiers refused, from the totals they report back. */
export class VerifierFailures {
  readonly #lastByRun = new Map<string, number>();
  #total = 0;

  /** Since this host began. */
  get total(): number {
    return this.#total;
  }

  saw({ trainingRunId, trainingMetrics }: Pick<SystemStatePacket, 'trainingRunId' | 'trainingMetrics'>): void {
    const said = finiteSignal(trainingMetrics[REJECTIONS]);
    if (said === undefined) return;
    const before = this.#lastByRun.get(trainingRunId);
    // What was refused before this host first heard of the run is not its news; a total that fell began anew.
    if (before !== undefined) this.#total += said >= before ? said - before : said;
    this.#lastByRun.delete(trainingRunId);
    this.#lastByRun.set(trainingRunId, said);
    const [oldest] = this.#lastByRun.keys();
    if (this.#lastByRun.size > RUNS_MAX && oldest !== undefined) this.#lastByRun.delete(oldest);
  }
}

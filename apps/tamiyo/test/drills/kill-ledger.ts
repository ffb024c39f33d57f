import type { RunState } from '../../src/runs/run-state.js';
import type { Answered } from './host-messages.js';

type Command = Extract<Answered, { readonly ok: true }>;

/** What a client may rely on of one run, from what it was told. `unknown`: an order was under way when the host died. */
export interface Expected {
  mode: 'on' | 'any' | 'unknown';
  hold: boolean | 'unknown';
  breaker: 'forced_open' | 'automatic' | 'unknown';
  lastSequence: number;
}

const newExpected = (): Expected => ({ mode: 'any', hold: false, breaker: 'automatic', lastSequence: 0 });

/** What the client was told over all the lives of the host. */
export class KillLedger {
  readonly #commands = new Map<string, Map<number, string>>();
  readonly #told: { readonly run: string; readonly packetId: string; readonly command: Command }[] = [];
  readonly #expected = new Map<string, Expected>();
  commands = 0;
  reusedSequences = 0;

  expected(run: string): Expected {
    const known = this.#expected.get(run) ?? newExpected();
    this.#expected.set(run, known);
    return known;
  }

  runs(): readonly string[] {
    return [...this.#expected.keys()];
  }

  /** A command that was acknowledged. A sequence number names one command, for ever. */
  acknowledged(run: string, packetId: string, command: Command): void {
    const known = this.#commands.get(run) ?? new Map<number, string>();
    this.#commands.set(run, known);
    const earlier = known.get(command.sequence);
    if (earlier !== undefined && earlier !== command.commandId) this.reusedSequences += 1;
    const expected = this.expected(run);
    if (earlier === undefined) {
      if (command.sequence <= expected.lastSequence) this.reusedSequences += 1;
      this.commands += 1;
      known.set(command.sequence, command.commandId);
      this.#told.push({ run, packetId, command });
    }
    expected.lastSequence = Math.max(expected.lastSequence, command.sequence);
  }

  /** The commands of the last life, and some of earlier ones. */
  toLookUp(sinceIndex: number, pick: (count: number) => number): readonly (typeof this.told)[number][] {
    const recent = this.#told.slice(sinceIndex);
    const older = Array.from({ length: Math.min(5, sinceIndex) }, () => this.#told[pick(sinceIndex)]);
    return [...recent, ...older.flatMap((one) => (one === undefined ? [] : [one]))];
  }

  get told(): readonly { readonly run: string; readonly packetId: string; readonly command: Command }[] {
    return this.#told;
  }
}

/** What is not as the client was told it is: names of the invariants that broke. */
export function brokenBy(
  expected: Expected,
  state: RunState | undefined,
): readonly ('mode' | 'breakers' | 'sequence')[] {
  const broken: ('mode' | 'breakers' | 'sequence')[] = [];
  const holdKept = expected.hold === 'unknown' || (state?.hold != null) === expected.hold;
  const modeKept = expected.mode !== 'on' || state?.risk.mode.kind === 'on';
  if (!holdKept || !modeKept) broken.push('mode');
  const breaker = state?.risk.breakers['metadata']?.kind ?? 'closed';
  if (expected.breaker !== 'unknown' && (breaker === 'forced_open') !== (expected.breaker === 'forced_open')) {
    broken.push('breakers');
  }
  if ((state?.sequence ?? 0) < expected.lastSequence) broken.push('sequence');
  return broken;
}

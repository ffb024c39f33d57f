import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterCommit, afterGrant, type Holding, NEVER_HELD } from '../../src/core/holding.js';
import { commitRun, enterRun, type RunEntry } from '../../src/core/run-entry.js';
import type { EnterAsk, FencedWrite } from '../../src/ports.js';

/**
 * Two hosts and a ledger, with a network in between: calls wait on their way, answers are lost, hosts freeze, crash and come back, the
 * ledger's clock jumps both ways. What must hold is what executors rely on.
 */
type Step =
  | { readonly kind: 'ask' | 'write' | 'arrive' | 'lose' | 'crash'; readonly host: 0 | 1 }
  | { readonly kind: 'clock'; readonly ms: number };

const host = fc.constantFrom(0 as const, 1 as const);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('ask' as const), host }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('write' as const), host }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('arrive' as const), host }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose' as const), host }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), host }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('clock' as const), ms: fc.integer({ min: -300, max: 300 }) }) },
);

const LEASE_MS = 100;
type Call = { readonly ask: EnterAsk } | { readonly write: FencedWrite };

class Host {
  #lives = 0;
  holding: Holding = NEVER_HELD;
  sequence = 0;
  /** On their way to the ledger, in order; one at a time is answered. */
  calls: Call[] = [];

  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  get owner(): string {
    return `${this.#name}${this.#lives}`;
  }

  /** A new process: it knows nothing, and what the old one sent may still arrive. */
  crash(): void {
    this.#lives += 1;
    this.holding = NEVER_HELD;
    this.sequence = 0;
  }
}

class World {
  readonly hosts = [new Host('a'), new Host('b')] as const;
  entry: RunEntry | undefined;
  lastToken = 0;
  nowMs = 1_000;
  readonly accepted: { readonly token: number; readonly sequence: number }[] = [];
  readonly tokens: number[] = [];

  take(step: Step, isFenced = true): void {
    if (step.kind === 'clock') {
      this.nowMs = Math.max(0, this.nowMs + step.ms);
      return;
    }
    const host = this.hosts[step.host];
    if (step.kind === 'crash') {
      host.crash();
    } else if (step.kind === 'ask') {
      host.calls.push({ ask: { owner: host.owner, ...host.holding, floor: 0, leaseMs: LEASE_MS } });
    } else if (step.kind === 'write') {
      const { token } = host.holding;
      if (token === 0) return;
      host.sequence += 1;
      const answer = {
        packetId: `${token}-${host.sequence}`,
        commandId: `${host.owner}-${token}-${host.sequence}`,
        bytes: new Uint8Array(),
      };
      host.calls.push({ write: { token, sequence: host.sequence, state: new Uint8Array(), answer } });
    } else {
      this.#arrive(host, step.kind === 'lose', isFenced);
    }
  }

  #arrive(host: Host, isLost: boolean, isFenced: boolean): void {
    const call = host.calls.shift();
    if (call === undefined) return;
    if ('ask' in call) {
      this.#asked(host, call.ask, isLost);
      return;
    }
    const write = isFenced ? call.write : { ...call.write, token: this.entry?.token ?? 0 };
    const { entry, answer } = commitRun(this.entry, write, false);
    this.entry = entry;
    if (answer.kind === 'accepted') this.accepted.push(call.write);
    if (!isLost) host.holding = afterCommit(host.holding, answer);
  }

  #asked(host: Host, ask: EnterAsk, isLost: boolean): void {
    const { entry, answer } = enterRun(this.entry, ask, { nowMs: this.nowMs, lastToken: this.lastToken });
    this.entry = entry;
    if (answer.kind !== 'granted') return;
    this.lastToken = Math.max(this.lastToken, answer.token);
    if (answer.token !== this.tokens.at(-1)) this.tokens.push(answer.token);
    if (isLost || ask.owner !== host.owner) return;
    host.holding = afterGrant(answer);
    host.sequence = Math.max(host.sequence, answer.sequence);
  }
}

const rises = (numbers: readonly number[]): boolean =>
  numbers.every((one, at) => at === 0 || one > (numbers[at - 1] ?? 0));

describe('two hosts, one ledger, any order of events', () => {
  it('tokens only rise, no sequence number is accepted twice, and none is accepted from a host that was overtaken', () => {
    const seen = { accepted: 0, takenOver: 0 };
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 150 }), (steps) => {
        const world = new World();
        for (const one of steps) world.take(one);
        expect(rises(world.tokens)).toBe(true);
        expect(rises(world.accepted.map(({ sequence }) => sequence))).toBe(true);
        // Under which token each was accepted: once a higher one has written, a lower one never does again.
        const tokens = world.accepted.map(({ token }) => token);
        expect(tokens.every((token, at) => at === 0 || token >= (tokens[at - 1] ?? 0))).toBe(true);
        seen.accepted += world.accepted.length;
        seen.takenOver += world.tokens.length;
      }),
      { numRuns: 2_000, seed: 12 },
    );
    // The property is about something: both happen a lot.
    expect(seen.accepted).toBeGreaterThan(1_000);
    expect(seen.takenOver).toBeGreaterThan(2_000);
  });

  it('and without the fence this world notices', () => {
    const broken = fc.check(
      fc.property(fc.array(step, { minLength: 20, maxLength: 150 }), (steps) => {
        const world = new World();
        for (const one of steps) world.take(one, false);
        const tokens = world.accepted.map(({ token }) => token);
        return tokens.every((token, at) => at === 0 || token >= (tokens[at - 1] ?? 0));
      }),
      { numRuns: 2_000, seed: 12 },
    );
    expect(broken.failed).toBe(true);
  });
});

import type { Fault, FaultKind } from './fault-schedule.js';

const COMMAND_FAULTS = ['stale_command', 'forged_command', 'replayed_command', 'altered_command'] as const;
type CommandFaultKind = (typeof COMMAND_FAULTS)[number];

/** What a man in the middle remembers: commands he has seen, and ones he keeps for later. */
export interface TamperMemory {
  /** The last command that went through untouched. */
  readonly seen?: Uint8Array;
  /** Commands held back, oldest first, with how many deliveries still go before them. */
  readonly held: readonly { readonly bytes: Uint8Array; readonly after: number }[];
}

/** Commands a man in the middle holds at most; further ones are let through. */
const HELD_MAX = 16;
/** A stale command is delivered after this many later ones. */
export const STALE_AFTER = 3;

/** What reaches the trainer instead of the command that was sent, and what was done. */
export interface Delivery {
  readonly deliveries: readonly Uint8Array[];
  readonly done: readonly FaultKind[];
  readonly memory: TamperMemory;
}

const copyOf = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes);

/** One bit of the last byte is another: the payload is altered, the signature is not. */
export function altered(bytes: Uint8Array): Uint8Array {
  const copy = copyOf(bytes);
  const last = copy.length - 1;
  if (last >= 0) copy[last] = (copy[last] as number) ^ 1;
  return copy;
}

/**
 * The first signature of a version 1 envelope (five bytes of magic and count, one of length) replaced by one that was
 * made without the key.
 */
export function forged(bytes: Uint8Array): Uint8Array {
  const copy = copyOf(bytes);
  const length = copy[5] ?? 0;
  for (let at = 6; at < Math.min(6 + length, copy.length); at += 1) copy[at] = (at * 37 + 11) & 0xff;
  return copy;
}

/** What becomes of `bytes` on their way under the faults of the step. Pure. */
export function tamper(bytes: Uint8Array, active: readonly Fault[], memory: TamperMemory): Delivery {
  const kind = COMMAND_FAULTS.find((candidate) => active.some((fault) => fault.kind === candidate));
  const due = memory.held.filter(({ after }) => after <= 0).map((entry) => entry.bytes);
  const kept = memory.held.filter(({ after }) => after > 0).map((entry) => ({ ...entry, after: entry.after - 1 }));
  const sent = deliver(bytes, kind, { ...memory, held: kept });
  return { ...sent, deliveries: [...sent.deliveries, ...due] };
}

function deliver(bytes: Uint8Array, kind: CommandFaultKind | undefined, memory: TamperMemory): Delivery {
  const untouched = { deliveries: [bytes], done: [], memory: { ...memory, seen: bytes } };
  switch (kind) {
    case undefined:
      return untouched;
    case 'altered_command':
      return { deliveries: [altered(bytes)], done: [kind], memory };
    case 'forged_command':
      return { deliveries: [forged(bytes)], done: [kind], memory };
    case 'replayed_command':
      // The genuine command arrives as well: a replay comes on top of the traffic.
      return memory.seen === undefined ? untouched : { ...untouched, deliveries: [bytes, memory.seen], done: [kind] };
    case 'stale_command':
      if (memory.held.length >= HELD_MAX) return untouched;
      return {
        deliveries: [],
        done: [kind],
        memory: { ...memory, held: [...memory.held, { bytes, after: STALE_AFTER - 1 }] },
      };
  }
}

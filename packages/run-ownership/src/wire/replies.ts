import { RunOwnershipError } from '../errors.js';
import type { CommitAnswer, EnterAnswer, LedgerReply, WithdrawAnswer } from '../ports.js';

export function readEnter(reply: LedgerReply): EnterAnswer {
  const [kind, ...rest] = listIn(reply);
  const word = textIn(kind);
  switch (word) {
    case 'answered':
      return { kind: word, bytes: bytesIn(rest[0]) };
    case 'expired':
    case 'missing':
      return { kind: word };
    case 'held':
      return { kind: word, owner: textIn(rest[0]), leftMs: numberIn(rest[1]) };
    case 'granted':
      return readGranted(rest);
    default:
      throw unexpected('an answer to an ask');
  }
}

function readGranted([token, revision, sequence, owner, how, state]: readonly LedgerReply[]): EnterAnswer {
  const stored = bytesIn(state);
  const from = textIn(owner);
  return {
    kind: 'granted',
    token: numberIn(token),
    revision: numberIn(revision),
    sequence: numberIn(sequence),
    ...(stored.byteLength === 0 ? {} : { state: stored }),
    ...(from === '' ? {} : { from: { owner: from, how: textIn(how) === 'released' ? 'released' : 'expired' } }),
  };
}

export function readCommit(reply: LedgerReply): CommitAnswer {
  const [kind, first, second] = listIn(reply);
  const word = textIn(kind);
  switch (word) {
    case 'accepted':
      return { kind: word, revision: numberIn(first) };
    case 'lost':
      return { kind: word, token: numberIn(first), owner: textIn(second) };
    case 'missing':
    case 'answered':
      return { kind: word };
    case 'sequence':
      return { kind: word, stored: numberIn(first) };
    default:
      throw unexpected('an answer to a write');
  }
}

export function readWithdraw(reply: LedgerReply): WithdrawAnswer {
  const word = textIn(reply);
  if (word === 'withdrawn' || word === 'given' || word === 'gone') return word;
  throw unexpected('an answer to a withdrawal');
}

export const readAdopt = (reply: LedgerReply): boolean => numberIn(reply) === 1;

function bytesIn(reply: LedgerReply | undefined): Uint8Array {
  if (reply instanceof Uint8Array) return reply;
  if (typeof reply === 'string') return new TextEncoder().encode(reply);
  throw unexpected('bytes');
}

const textIn = (reply: LedgerReply | undefined): string => new TextDecoder().decode(bytesIn(reply));

function numberIn(reply: LedgerReply | undefined): number {
  const value = typeof reply === 'number' ? reply : Number(textIn(reply));
  if (Number.isSafeInteger(value)) return value;
  throw unexpected('a whole number');
}

function listIn(reply: LedgerReply): readonly LedgerReply[] {
  if (Array.isArray(reply)) return reply as readonly LedgerReply[];
  throw unexpected('a list');
}

const unexpected = (what: string): RunOwnershipError =>
  new RunOwnershipError('LEDGER_UNAVAILABLE', `redis answered with something else than ${what}`);

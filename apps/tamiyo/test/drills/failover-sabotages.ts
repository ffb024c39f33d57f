import { FENCE } from '@esper/run-ownership';
import type { Rewrites } from './failover-proxy.js';

/** Faults that can be planted on the way to Redis: the drill must notice each. */
export const FAILOVER_SABOTAGES = {
  nothing_checked: 'Writes are taken under any token, with any sequence number, for any packet.',
  fence_removed: 'Writes are taken under any token; sequence numbers and packets are still looked at.',
  sequence_unchecked: 'Writes are taken with any sequence number, for any packet; the token is still looked at.',
  token_stuck: 'A run that moves keeps its token.',
  state_forgotten: 'A run moves without its state.',
  answers_forgotten: 'Stored answers are not found.',
  lease_forever: 'Leases do not end.',
} as const;
export type FailoverSabotage = keyof typeof FAILOVER_SABOTAGES;

const NO_FENCE: Rewrites = [[FENCE, '']];
const NO_SEQUENCE: Rewrites = [
  [`if given < stored or (command and given == stored) then return {'sequence', e[3] or '0'} end`, ''],
  [`if redis.call('EXISTS', KEYS[3]) == 1 then return {'answered'} end`, ''],
];

const REWRITES: Readonly<Record<FailoverSabotage, Rewrites>> = {
  nothing_checked: [...NO_FENCE, ...NO_SEQUENCE],
  fence_removed: NO_FENCE,
  sequence_unchecked: NO_SEQUENCE,
  token_stuck: [['math.max(last, token, tonumber(ARGV[4])) + 1', 'math.max(last, token, tonumber(ARGV[4]), 1)']],
  state_forgotten: [['sequence, from, how, state}', "sequence, from, how, ''}"]],
  answers_forgotten: [[`redis.call('HGET', KEYS[2], 'bytes')`, 'false']],
  lease_forever: [[`'%.0f', now + tonumber(ARGV[5])`, `'%.0f', now + 99999999`]],
};

/** What the proxies do to texts on their way. */
export const rewritesOf = (sabotage: FailoverSabotage | undefined): Rewrites =>
  sabotage === undefined ? [] : REWRITES[sabotage];

import type { OperatorActionKind } from '../../src/host/operator-action.js';
import type { Expected } from './kill-ledger.js';

/** What a client expects of a run because of an order. */
type Aim = Partial<Expected>;

/** What an order brings about. */
export function aimOf(kind: OperatorActionKind): Aim {
  switch (kind) {
    case 'conservative_set':
      return { mode: 'on' };
    case 'conservative_clear':
      return { mode: 'any' };
    case 'hold':
      return { hold: true };
    case 'release':
      return { hold: false };
    case 'breaker_open':
      return { breaker: 'forced_open' };
    default:
      return { breaker: 'automatic' };
  }
}

/** While an order is under way, what it is about is not known. A mode that is on and being set stays on. */
export function unknownOf(aims: Aim, before: Aim): Aim {
  return {
    ...('mode' in aims
      ? { mode: aims.mode === 'on' && before.mode === 'on' ? ('on' as const) : ('any' as const) }
      : {}),
    ...('hold' in aims ? { hold: 'unknown' as const } : {}),
    ...('breaker' in aims ? { breaker: 'unknown' as const } : {}),
  };
}

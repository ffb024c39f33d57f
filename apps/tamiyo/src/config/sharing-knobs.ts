import { z } from 'zod';
import { knob, whole } from './knob.js';

/** Several hosts that share their runs. Where their Redis is, and its secret, come from the environment (`REDIS_URL`). */
export const SHARING_KNOBS = {
  'sharing.hostName': knob('TAMIYO_HOST_NAME', z.string().regex(/^[\w.-]{0,64}$/), {
    default: '',
    changes:
      'Name of this host among those on one Redis, the same after a restart; empty means the name of the machine.',
  }),
  'sharing.runs': knob('TAMIYO_SHARED_RUNS', z.enum(['auto', 'on', 'off']), {
    default: 'auto',
    changes: 'Shares runs with other hosts through the Redis of REDIS_URL: auto does where there is one, on insists.',
  }),
  'sharing.leaseMs': knob('TAMIYO_LEASE_MS', whole(50, 600_000), {
    default: 2_000,
    changes:
      'How long a run waits for a host that died while deciding, in milliseconds; keep it above the decision deadline.',
  }),
  'sharing.answerMs': knob('TAMIYO_LEDGER_ANSWER_MS', whole(1, 600_000), {
    default: 100,
    changes: 'Longest wait for one answer of the ledger, in milliseconds; a decision asks twice.',
  }),
  'sharing.lossyRedis': knob('TAMIYO_LOSSY_REDIS', z.enum(['refuse', 'accept']), {
    default: 'refuse',
    changes:
      'What to do when the Redis may lose what it has answered (appendfsync other than always): a host that takes over may then repeat commands.',
  }),
  'sharing.keyPrefix': knob('TAMIYO_LEDGER_PREFIX', z.string().regex(/^[\x21-\x7e]{1,100}$/), {
    default: 'tamiyo',
    changes: 'What the keys of the ledger begin with; hosts that share runs have the same.',
  }),
} as const;

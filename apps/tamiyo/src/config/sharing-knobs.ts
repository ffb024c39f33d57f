import { z } from 'zod';
import { knob } from './knob.js';

/** Several hosts that share their runs. Where their Redis is, and its secret, come from the environment (`REDIS_URL`). */
export const SHARING_KNOBS = {
  'sharing.hostName': knob('TAMIYO_HOST_NAME', z.string().regex(/^[\w.-]{0,64}$/), {
    default: '',
    changes:
      'Name of this host among those on one Redis, the same after a restart; empty means the name of the machine.',
  }),
} as const;

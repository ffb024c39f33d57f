import { sha256 } from '@esper/registry/node';
import { ok } from '@esper/std';
import type { Host } from '../../src/compose.js';

const LEAK_BYTES = 48 << 20;

export const SWAP_SABOTAGES = {
  'not-held': 'a decision does not hold its policy, which is closed at the swap',
  'history-forgotten': 'an activation is not written down',
  'never-closed': 'a replaced policy keeps its process',
  leak: 'each swap keeps 48 megabytes',
  mixed: 'the policy in force changes its digest while decisions are under way',
  'open-fails': 'every other candidate cannot be loaded',
} as const;
export type SwapSabotage = keyof typeof SWAP_SABOTAGES;

/** Breaks the policies of a host in one way. Each must be noticed. */
export function plant(sabotage: SwapSabotage | undefined, host: Host): void {
  const { policies } = host;
  const kept: Uint8Array[] = [];
  const update = policies.update.bind(policies);
  switch (sabotage) {
    case 'not-held':
      Object.assign(policies, { hold: (work: () => Promise<unknown>) => work() });
      return;
    case 'history-forgotten':
      Object.assign(policies.store, { activate: (digest: string) => policies.store.load(digest) });
      return;
    case 'leak':
      Object.assign(policies, {
        update: async (...given: Parameters<typeof update>) => {
          kept.push(new Uint8Array(LEAK_BYTES).fill(kept.length));
          return update(...given);
        },
      });
      return;
    case 'never-closed':
    case 'mixed':
      plantInRuntime(sabotage, host);
      return;
    case 'open-fails': {
      const load = policies.store.stage.bind(policies.store);
      let turn = 0;
      Object.assign(policies.store, {
        stage: async (...given: Parameters<typeof load>) => {
          turn += 1;
          const staged = await load(...given);
          return turn % 2 === 0 && staged.ok ? ok({ ...staged.value, files: new Map() }) : staged;
        },
      });
      return;
    }
    case undefined:
      return;
  }
}

function plantInRuntime(sabotage: 'never-closed' | 'mixed', { policies }: Host): void {
  const update = policies.update.bind(policies);
  Object.assign(policies, {
    update: async (source: Parameters<typeof update>[0], wish: Parameters<typeof update>[1]) => {
      const runtime = policies.current();
      if (sabotage === 'never-closed' && runtime) Object.assign(runtime.host, { close: async () => undefined });
      const timer = setInterval(() => {
        const active = policies.current()?.active;
        if (sabotage === 'mixed' && active) Object.assign(active, { digest: sha256(new Uint8Array(1)) });
      }, 1);
      try {
        return await update(source, wish);
      } finally {
        clearInterval(timer);
      }
    },
  });
}

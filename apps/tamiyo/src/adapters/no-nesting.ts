import type { WorkerPorts } from '@esper/async-worker';

/**
 * The one kind of task that a host submits, a look-up of blueprints, submits nothing in its turn: there is nothing to know about
 * what runs inside what. Finding it out across `await` would make every promise of the process dearer.
 */
export const NO_NESTING: WorkerPorts['scope'] = Object.freeze({
  run: <R>(_store: object, body: () => R): R => body(),
  getStore: () => undefined,
});

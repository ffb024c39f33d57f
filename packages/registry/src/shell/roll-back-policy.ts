import { err, type Result } from '@esper/std';
import type { HistoryNote } from '../core/history/history-entry.js';
import { rejectedEvent, returnedEvent } from '../core/update-event.js';
import type { RegistryRefusal } from '../errors.js';
import type { VerifiedBundle } from './load-bundle.js';
import type { PolicyCandidate, UpdatePorts } from './update-policy.js';

export type RollBackPorts = Omit<UpdatePorts, 'onStep'>;

/**
 * An operator's way back: loads the last known good policy again, from its verified bytes, recomputes its golden decisions
 * and puts it in force. The policy it replaces is rejected. Whatever fails, the live policy goes on. Rejects when the store
 * cannot be written.
 */
export async function rollBackPolicy(
  note: HistoryNote,
  ports: RollBackPorts,
): Promise<Result<VerifiedBundle, RegistryRefusal>> {
  const outcome = await rollBack(note, ports);
  ports.onEvent(
    outcome.ok
      ? returnedEvent({ ...outcome.value.manifest, digest: outcome.value.digest })
      : rejectedEvent(outcome.error),
  );
  return outcome;
}

async function rollBack(note: HistoryNote, ports: RollBackPorts): Promise<Result<VerifiedBundle, RegistryRefusal>> {
  const { lastGood } = ports.store.state();
  if (lastGood === undefined) return err({ code: 'POLICY_NONE', message: 'there is no last known good policy' });
  const bundle = await ports.store.load(lastGood);
  if (!bundle.ok) return bundle;
  const tables = ports.tables(bundle.value);
  if (!tables.ok) return tables;
  let candidate: PolicyCandidate;
  try {
    candidate = await ports.open(bundle.value);
  } catch (cause) {
    return err({ code: 'POLICY_OPEN_FAILED', message: cause instanceof Error ? cause.message : String(cause) });
  }
  let isInPlace = false;
  try {
    const golden = await candidate.checkGolden();
    if (!golden.ok) return golden;
    const returned = await ports.store.returnToLastGood(note);
    if (!returned.ok) return returned;
    await candidate.swapIn();
    isInPlace = true;
  } finally {
    if (!isInPlace) await candidate.close();
  }
  await candidate.settle();
  return bundle;
}

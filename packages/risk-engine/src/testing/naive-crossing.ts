import { type NaiveRun, WARNING } from './naive-run.js';

type Action = 'downgrade' | 'pause';

interface Crossing {
  readonly reason: string;
  readonly event?: string;
  readonly action: Action;
  readonly manner: 'assign' | 'overwrite';
  readonly attributes: Readonly<Record<string, string>>;
  readonly level?: number;
  readonly enters?: boolean;
  /** `mitigates`: announced always, acts on a SEED only. */
  readonly seed?: 'mitigates';
}

/** A finding of the naive model: its event, what it does, and the mode. */
export function cross(run: NaiveRun, crossing: Crossing): void {
  const { reason, action, level = WARNING, enters = false } = crossing;
  run.emit(crossing.event ?? reason, level, crossing.attributes);
  if (crossing.seed === 'mitigates' && !run.seed) return;
  run.act({ reason, action, enters, level, standing: false }, crossing.manner);
  if (enters) run.enter(reason);
}

/**
 * DEV-RE-05 for one signal: true when the value is no evidence and has been dealt with. `worst` is what its gravest value
 * would do; `mode` pauses and enters conservative mode.
 */
export function unreadable(
  run: NaiveRun,
  { signal, value }: { readonly signal: string; readonly value: number | string },
  worst: Action | 'mode' | null,
): boolean {
  if (!run.our('DEV-RE-05') || (typeof value === 'number' && Number.isFinite(value))) return false;
  run.unknown(signal, value);
  if (worst !== null) actUnknown(run, worst);
  return true;
}

/** What an unreadable signal does. */
export function actUnknown(run: NaiveRun, worst: Action | 'mode'): void {
  const enters = worst === 'mode';
  const action = worst === 'mode' ? 'pause' : worst;
  run.act({ reason: 'signal_unknown', action, enters, level: WARNING, standing: false }, 'overwrite');
  if (enters) run.enter('signal_unknown');
}

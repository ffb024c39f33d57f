import type { RiskInput } from '@esper/risk-engine';
import type { BasisMarks, DecisionBasis } from '../records/basis.js';
import { fingerprintOf, fingerprintOfArray } from '../records/fingerprint.js';
import type { StageAt } from './parts.js';
import type { Guarded } from './stages.js';

/** Everything that {@link inputMarkOf} covers: what a record says went into its decision. */
export interface MarkedInputs extends Omit<DecisionBasis, 'marks' | 'policy' | 'coverage' | 'before'> {
  readonly packet: unknown;
  readonly vocabularySizes: unknown;
}

/** One fingerprint over the recorded inputs: a bit that changes later is found, and named. */
export const inputMarkOf = ({
  packet,
  vocabularySizes,
  scene,
  moments,
  openedAt,
  guardBypassed,
}: MarkedInputs): number => fingerprintOf({ packet, vocabularySizes, scene, moments, openedAt, guardBypassed });

/** Tensors by name, as one fingerprint. */
export const tensorMark = (
  tensors: Readonly<Record<string, { readonly dims: readonly number[]; readonly data: ArrayBufferView }>>,
): number =>
  fingerprintOf(
    Object.fromEntries(
      Object.entries(tensors).map(([name, { dims, data }]) => [name, [...dims, fingerprintOfArray(data)]]),
    ),
  );

/** What this decision depended on; nothing where no scenes are kept. */
export function basisOf(
  from: Guarded,
  { policy, coverage }: Pick<RiskInput, 'policy' | 'coverage'>,
  { session }: StageAt,
): { readonly basis?: DecisionBasis } {
  const { scene, packet, vocabularySizes, marks: through } = from;
  if (scene === undefined) return {};
  const { state, isRecorded, openedAt } = session.begin;
  const inputs = {
    scene,
    moments: [...session.moments.taken],
    ...(openedAt === undefined ? {} : { openedAt }),
    ...(isRecorded ? {} : { before: state }),
    ...(session.guardBypassed ? { guardBypassed: true as const } : {}),
  };
  const marks: BasisMarks = {
    before: fingerprintOf(state),
    inputs: inputMarkOf({ ...inputs, packet, vocabularySizes }),
    ...through,
  };
  const { riskScore = '', riskIndex = '', version, expired = false } = policy;
  const { ratio = '', missing = 0 } = coverage ?? {};
  return {
    basis: { ...inputs, policy: { riskScore, riskIndex, version, expired }, coverage: { ratio, missing }, marks },
  };
}

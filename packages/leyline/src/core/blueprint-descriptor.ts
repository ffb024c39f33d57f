import type { BlueprintTier, HandlingClass, HazardBand } from './enums.js';
import type { Signal } from './signal.js';

export interface ParameterBounds {
  readonly minValue: number;
  readonly maxValue: number;
}

/** Blueprint Safety Data Sheet (BSDS). It may raise a blueprint's risk, never lower it (D-23). */
export interface SafetySheet {
  readonly hazardBand?: HazardBand;
  readonly handlingClass?: HandlingClass;
  /** 0 (safe) to 1. Absent is unknown, not zero. */
  readonly riskScore?: Signal;
  readonly resourceProfile?: string;
  readonly provenance?: string;
  readonly issuedAtMs?: number;
  /** What checking the sheet's signature said. */
  readonly signature: 'valid' | 'invalid' | 'absent' | 'unchecked';
}

export interface GraphLayer {
  readonly layerId: string;
  readonly type?: string;
  readonly depth?: number;
  readonly latencyMs?: Signal;
  readonly parameterCount?: Signal;
  readonly dropoutRate?: Signal;
  readonly weightNorm?: Signal;
  readonly gradientNorm?: Signal;
  readonly activation?: string;
  readonly inputChannels?: number;
  readonly outputChannels?: number;
}

export interface GraphActivation {
  readonly activationId: string;
  readonly type?: string;
  readonly saturationRate?: Signal;
  readonly gradientFlow?: Signal;
  readonly computationalCost?: Signal;
  readonly nonlinearityStrength?: Signal;
}

export interface GraphParameter {
  readonly name: string;
  readonly min?: Signal;
  readonly max?: Signal;
  readonly default?: Signal;
  readonly span?: Signal;
}

/** A seed → layer watch: which seed (by id or index) reads which layer, under which limits. */
export interface SeedMonitor {
  readonly seedId?: string;
  readonly seedIndex?: number;
  readonly layerIndex: number;
  readonly weight?: number;
}

/** The structure a blueprint grafts into. Adjacency, monitors and allow-lists are kept (BM-08). */
export interface GraphMetadata {
  readonly layers: readonly GraphLayer[];
  readonly activations: readonly GraphActivation[];
  readonly parameters: readonly GraphParameter[];
  /** Pairs of layer indices. */
  readonly layerAdjacency?: readonly (readonly [number, number])[];
  readonly monitors?: readonly SeedMonitor[];
  /** `riskMax`: raw risk; `stageMin`: fraction of the last stage, 0 to 1. */
  readonly monitorThresholds?: { readonly riskMax?: number; readonly stageMin?: number };
  readonly allowedParametersBySeedId?: Readonly<Record<string, readonly string[]>>;
  readonly allowedParametersBySeedIndex?: Readonly<Record<string, readonly number[]>>;
  readonly allowedBlendingMethods?: readonly string[];
  /** Names of the host's layers (`state_dict` keys) a seed of this blueprint is meshed into; 1 to 128. */
  readonly meshHostLayers?: readonly string[];
  readonly source: 'urza' | 'guard_spec';
}

/** One blueprint of the catalogue (Urza), with its safety sheet and structure. */
export interface BlueprintDescriptor {
  readonly blueprintId: string;
  readonly name: string;
  readonly tier: BlueprintTier;
  /** 0 (safe) to 1. */
  readonly risk: Signal;
  readonly stage: number;
  readonly quarantineOnly: boolean;
  readonly approvalRequired: boolean;
  readonly description: string;
  readonly allowedParameters: Readonly<Record<string, ParameterBounds>>;
  readonly graph?: GraphMetadata;
  readonly sheet?: SafetySheet;
  /** SHA-256 of the artefact, hex, when known. */
  readonly artifactDigest?: string;
  readonly tags?: readonly string[];
}

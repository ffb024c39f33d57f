import { type BlueprintDescriptor, decodePlain, encodePlain } from '@esper/leyline';
import type { BlendConfig } from '@esper/policy';
import type { RiskConfig } from '@esper/risk-engine';
import { TamiyoError } from '../errors.js';
import type { NoteRecord } from './record.js';

/** Where the scene of a decision stands among the log's notes. */
export const SCENE_NOTES = 'decision-scene';

/** Where bits are promised: the same network gives the same bits on the same runtime and processor. */
export interface SceneRuntime {
  /** For example `onnxruntime-node 1.30.0`. */
  readonly inference: string;
  readonly node: string;
  readonly cpu: string;
}

/** What many decisions have in common: written once, named by its digest in each of them. */
export interface DecisionScene {
  /** Blueprints the policy could choose from, in catalogue order. */
  readonly blueprints: readonly BlueprintDescriptor[];
  /** Those of them that the catalogue did not know any more. */
  readonly unknownIds: readonly string[];
  readonly risk: RiskConfig;
  readonly blend: Partial<BlendConfig>;
  /** The settings that risk configuration and blend come from, where they were not the defaults. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly consumer: string;
  readonly runtime: SceneRuntime;
}

/** SHA-256 of bytes, hex. */
export type Sha256 = (bytes: Uint8Array) => string;

/** A scene as a note of the log, with the digest that names it. */
export function sceneNote(scene: DecisionScene, sha256: Sha256): { readonly id: string; readonly note: NoteRecord } {
  const bytes = encodePlain(scene);
  return { id: sceneId(bytes, sha256), note: { kind: 'note', stream: SCENE_NOTES, bytes } };
}

/** The scene in a note, with the digest of what is there. Throws `RECORD_DAMAGED`. */
export function readScene(bytes: Uint8Array, sha256: Sha256): { readonly id: string; readonly scene: DecisionScene } {
  const decoded = decodePlain(bytes);
  if (!decoded.ok) throw new TamiyoError('RECORD_DAMAGED', `a scene is no plain data: ${decoded.error.code}`);
  return { id: sceneId(bytes, sha256), scene: decoded.value as unknown as DecisionScene };
}

const ID_CHARS = 32;
const sceneId = (bytes: Uint8Array, sha256: Sha256): string => sha256(bytes).slice(0, ID_CHARS);

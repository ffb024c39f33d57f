import type { TableName } from '../bundle/manifest.js';

/** What is fixed about a name table (RG-02, RG-03). */
export interface TableSpec {
  /** Its file, below the folder of the tables. */
  readonly file: string;
  /** Indices run from 1 to `capacity - 1`; 0 is the blank name. */
  readonly capacity: number;
  /** Names that have their index from the start, in this order from 1. */
  readonly seeded: readonly string[];
}

const BLENDING_METHODS = ['linear', 'cosine', 'warmup_hold'] as const;
const OPTIMIZER_FAMILIES = ['sgd', 'adam', 'adamw', 'rmsprop', 'adagrad'] as const;

/** The seven tables. Adding one is a new architecture version: every policy depends on all of them. */
export const TABLE_SPECS: Readonly<Record<TableName, TableSpec>> = Object.freeze({
  seed: { file: 'seed_registry.json', capacity: 1024, seeded: [] },
  blueprint: { file: 'blueprint_registry.json', capacity: 1024, seeded: [] },
  schedule: {
    file: 'schedule_registry.json',
    capacity: Math.max(64, BLENDING_METHODS.length + 16),
    seeded: BLENDING_METHODS,
  },
  layer_type: { file: 'layer_type_registry.json', capacity: 1024, seeded: [] },
  activation_type: { file: 'activation_type_registry.json', capacity: 1024, seeded: [] },
  optimizer_family: { file: 'optimizer_family_registry.json', capacity: 256, seeded: OPTIMIZER_FAMILIES },
  hazard_class: { file: 'hazard_class_registry.json', capacity: 256, seeded: [] },
});

import type { BlueprintDescriptor } from '@esper/leyline';
import { catalogueEntry } from './catalogue-entry.js';
import { entryIsSound } from './expected-graph.js';
import type { Mapping } from './python-values.js';

/** What recorded metadata is as a catalogue entry. */
export interface GivenEntry {
  /** What our builder is given: at most one entry. */
  readonly blueprints: readonly BlueprintDescriptor[];
  /** The entry, when it is sound. */
  readonly entry: BlueprintDescriptor | undefined;
  /** There was metadata, and it makes no sound entry. */
  readonly malformed: boolean;
}

export function givenEntry(blueprintId: string, metadata: Mapping): GivenEntry {
  if (Object.keys(metadata).length === 0) return { blueprints: [], entry: undefined, malformed: false };
  const given = catalogueEntry(blueprintId, metadata);
  const sound = given !== undefined && entryIsSound(given);
  return {
    blueprints: given === undefined ? [] : [given],
    entry: sound ? given : undefined,
    malformed: !sound,
  };
}

import type { BlueprintDescriptor } from '@esper/leyline';
import type { NoteRecord } from '../records/record.js';
import { type DecisionScene, type Sha256, sceneNote } from '../records/scene.js';
import type { DecisionJournal, SceneBook } from '../stages/parts.js';

export interface SceneNoteParts {
  readonly journal: DecisionJournal;
  readonly sha256: Sha256;
  /** What does not come from the catalogue. */
  readonly rest: () => Omit<DecisionScene, 'blueprints' | 'unknownIds'>;
  /** Hears of a scene that the log did not take. */
  readonly onLost: (cause: unknown) => void;
}

/** Scenes that are written again when retention comes by. Beyond, the oldest are not. */
const KEPT_MAX = 16;

/** Writes each scene into the log before the first decision that names it. */
export class SceneNotes implements SceneBook {
  readonly #parts: SceneNoteParts;
  readonly #written = new Map<string, NoteRecord>();
  #last:
    | { readonly candidates: readonly BlueprintDescriptor[]; readonly unknown: string; readonly id: string }
    | undefined;

  constructor(parts: SceneNoteParts) {
    this.#parts = parts;
  }

  idOf(candidates: readonly BlueprintDescriptor[], knownIds: ReadonlySet<string>): string {
    const unknownIds = candidates.map(({ blueprintId }) => blueprintId).filter((id) => !knownIds.has(id));
    const unknown = unknownIds.join('\n');
    const last = this.#last;
    if (last?.candidates === candidates && last.unknown === unknown && this.#written.has(last.id)) return last.id;
    const { id, note } = sceneNote({ ...this.#parts.rest(), blueprints: candidates, unknownIds }, this.#parts.sha256);
    if (!this.#written.has(id)) this.#write(id, note);
    this.#last = { candidates, unknown, id };
    return id;
  }

  /** Writes the scenes again, so that giving up the old part of the log takes none away. Rejects when the log takes none. */
  async writeAgain(): Promise<void> {
    for (const note of this.#written.values()) await this.#parts.journal.append(note);
  }

  /** The log takes records in order: no need to wait. A scene that was lost is written again with the next decision. */
  #write(id: string, note: NoteRecord): void {
    this.#written.set(id, note);
    const [oldest] = this.#written.keys();
    if (this.#written.size > KEPT_MAX && oldest !== undefined) this.#written.delete(oldest);
    this.#parts.journal.append(note).catch((cause: unknown) => {
      this.#written.delete(id);
      this.#parts.onLost(cause);
    });
  }
}

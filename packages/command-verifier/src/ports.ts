import type { CommandDraft } from '@esper/leyline';
import type { Result } from '@esper/std';
import type { KeyRing } from './core/key-ring.js';
import type { WatermarkStep } from './core/watermark.js';

/** Where command ids come from. */
export interface IdSource {
  /** A new UUID version 4, lower case. */
  commandId(): string;
}

/** The ring in force. A reload swaps what it answers. */
export interface KeyRingSource {
  current(): KeyRing;
}

/** How a command without its identity becomes bytes and back. */
export interface PayloadCodec {
  /** Throws when the draft is no valid command. */
  encode(draft: CommandDraft): Uint8Array;
  /** Strict and bounded. The error says where and what, never the content. */
  decode(bytes: Uint8Array): Result<CommandDraft, unknown>;
}

/** Where the watermark survives a restart. One writer. */
export interface WatermarkJournal {
  /** Resolves when the step is as durable as this journal promises; rejects when that is uncertain. */
  append(step: WatermarkStep): Promise<void>;
}

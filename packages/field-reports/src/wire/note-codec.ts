import { decodePlain, encodePlain, type FieldReport, validateMessage } from '@esper/leyline';
import { err, ok, type Result } from '@esper/std';
import { z } from 'zod';

/** What is noted in the log about reports, beside the decision records that carry them. */
export type ReportNote = SynthesisedNote | AttemptNote | SettledNote;

/** A window closed; the report is in the note, under the id it will always have (D-13). */
export interface SynthesisedNote {
  readonly kind: 'synthesised';
  readonly report: FieldReport;
}

/** An attempt failed; the count survives restarts (D-02). */
export interface AttemptNote {
  readonly kind: 'attempt';
  readonly reportId: string;
  readonly failures: number;
  readonly nextAttemptAtMs: number;
}

/** The report needs no more attention. */
export interface SettledNote {
  readonly kind: 'settled';
  readonly reportId: string;
  readonly how: 'published' | 'acknowledged' | 'unacknowledged' | 'dropped';
  readonly atMs: number;
}

const whole = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const id = z.string().min(1).max(512);
const noteSchema = z.discriminatedUnion('kind', [
  z.strictObject({ format: z.literal(1), kind: z.literal('synthesised'), report: z.unknown() }),
  z.strictObject({
    format: z.literal(1),
    kind: z.literal('attempt'),
    reportId: id,
    failures: whole,
    nextAttemptAtMs: whole,
  }),
  z.strictObject({
    format: z.literal(1),
    kind: z.literal('settled'),
    reportId: id,
    how: z.enum(['published', 'acknowledged', 'unacknowledged', 'dropped']),
    atMs: whole,
  }),
]);

/** A note as bytes: canonical msgpack with a format number. */
export const encodeNote = (note: ReportNote): Uint8Array => encodePlain({ format: 1, ...note });

/** The note in the bytes, or what does not fit. */
export function decodeNote(bytes: Uint8Array): Result<ReportNote, string> {
  const plain = decodePlain(bytes);
  if (!plain.ok) return err(`${plain.error.code} at ${plain.error.path}`);
  const parsed = noteSchema.safeParse(plain.value);
  if (!parsed.success) return err(parsed.error.issues[0]?.message ?? 'no note');
  const { format: _, ...note } = parsed.data;
  if (note.kind !== 'synthesised') return ok(note);
  const report = validateMessage('FieldReport', note.report);
  return report.ok ? ok({ kind: 'synthesised', report: report.value }) : err(`report: ${report.error.path}`);
}

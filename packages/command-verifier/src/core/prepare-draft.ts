import type { CommandDraft, SecurityMetadata } from '@esper/leyline';

/** The draft as it is signed: without an old `signature` annotation, with the typed security metadata. */
export function prepareDraft(draft: CommandDraft, security: SecurityMetadata): CommandDraft {
  const { signature: _dropped, ...annotations } = draft.annotations;
  return { ...draft, annotations, decision: { ...draft.decision, security } };
}

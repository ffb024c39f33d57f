import type { BlendMetadata, CommandDraft, PolicyMetadata, SelectionMetadata } from '@esper/leyline';
import type { ActionChoice } from './action-choice.js';
import type { BlendViolation } from './blend-violation.js';
import type { DependencyViolation } from './dependency-violation.js';
import type { HeadFault } from './heads.js';

/** What was chosen and by how much, for the record. */
export interface Chosen extends ActionChoice {
  readonly seedIndex?: number;
  readonly seedScore?: number;
  readonly blueprintIndex?: number;
  readonly blueprintScore?: number;
}

/** What the policy proposes. Not yet guarded, not yet judged by the risk engine, not yet a command with an identity. */
export interface Proposal {
  readonly draft: CommandDraft;
  readonly chosen: Chosen;
  readonly policy: PolicyMetadata;
  readonly blend: BlendMetadata;
  readonly selection: SelectionMetadata;
}

/** Why outputs gave no proposal. There is no default command. */
export type DecodeRefusal = HeadFault | DependencyViolation | BlendViolation;

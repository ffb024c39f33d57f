import { CodedError, type CodedErrorOptions, type ErrorTable } from '@esper/std';

/**
 * Why the trainer does not execute a command that verification let through. Each refusal is an event with this reason
 * and changes nothing in the run.
 */
export const EXECUTION_ERRORS = {
  wrong_training_run: {
    means: 'The command is for another training run.',
    next: 'Find out who sends commands to the wrong trainer.',
  },
  execution_deadline_passed: {
    means: 'The command arrived, but was not executed within its execution deadline.',
    next: 'Look at what delayed the trainer, or give commands more time.',
  },
  unsupported_command: {
    means: 'The executor has no effect for a command of this type.',
    next: 'Mask the action in the policy, or leave it: nothing was done.',
  },
  unsupported_seed_operation: {
    means: 'The executor knows GERMINATE, CULL and CANCEL; later stages follow by themselves.',
    next: 'Send one of the three.',
  },
  missing_seed_operation: { means: 'A SEED command came without its operation.', next: 'Correct the issuer.' },
  missing_seed_id: { means: 'A SEED command names no seed.', next: 'Correct the issuer.' },
  missing_blueprint_id: { means: 'A GERMINATE names no blueprint.', next: 'Correct the issuer.' },
  missing_training_run_id: {
    means: 'A SEED command lacks the training_run_id annotation.',
    next: 'Correct the issuer.',
  },
  missing_mesh_layers: {
    means: 'A GERMINATE carries no mesh_host_layers annotation.',
    next: 'Give the blueprint graph metadata that names its host layers.',
  },
  invalid_mesh_layers: {
    means: 'mesh_host_layers is neither a JSON list nor a comma list of 1 to 128 names.',
    next: 'Correct the issuer.',
  },
  unknown_mesh_layer: {
    means: 'mesh_host_layers names a layer the host network does not have.',
    next: 'Compare the catalogue with the parameter names of the network.',
  },
  unknown_seed: { means: 'No seed of this id exists in the run.', next: 'Compare with the seed states of the packet.' },
  unknown_blueprint: {
    means: 'The executor has no block for this blueprint.',
    next: 'Compare the catalogue with what the executor can build.',
  },
  seed_not_dormant: {
    means: 'The seed is in use or embargoed; only a dormant one germinates.',
    next: 'None: wait for the seed, or choose another.',
  },
  illegal_transition: {
    means: 'The life of a seed allows no such step from the stage it is in.',
    next: 'Compare with the stage in the packet.',
  },
  unknown_blend_mode: { means: 'The blend mode is none of the four.', next: 'Correct the issuer.' },
  missing_confidence_logits: {
    means: 'CONFIDENCE blending needs the confidence_logits annotation.',
    next: 'Send the logits of the policy.',
  },
  invalid_confidence_logits: {
    means: 'confidence_logits is no JSON list of 1 to 64 finite numbers.',
    next: 'Correct the issuer.',
  },
  invalid_confidence_gate: {
    means: 'gate_k, gate_tau, alpha_lo or alpha_hi is out of its range.',
    next: 'Correct the issuer.',
  },
  missing_alpha_vec: { means: 'CHANNEL blending needs the alpha_vec annotation.', next: 'Send the vector.' },
  invalid_alpha_vec: {
    means: 'alpha_vec is no JSON list of 1 to 64 numbers between 0 and 1.',
    next: 'Correct the issuer.',
  },
  alpha_vec_length_mismatch: {
    means: 'alpha_vec has another length than it says, or than the layer has channels.',
    next: 'Send one alpha per channel of the layer.',
  },
  invalid_schedule: {
    means: 'The blend schedule is not 0 ≤ start ≤ end ≤ 1, or has no known shape.',
    next: 'Correct the issuer.',
  },
  invalid_parameter: { means: 'A parameter of the command is not finite.', next: 'Correct the issuer.' },
  trainer_conservative: {
    means: 'The trainer is conservative after failed decisions and grows no seed.',
    next: 'None: it ends after enough good decisions.',
  },
  breaker_open: {
    means: 'The breaker of the seed bank is open, or half-open with its one probe under way.',
    next: 'Close the breaker, or wait for the probe.',
  },
  unknown_optimizer: {
    means: 'The command adjusts an optimizer the run does not use.',
    next: 'Name the optimizer of the run: sgd.',
  },
  missing_breaker_state: {
    means: 'A CIRCUIT_BREAKER command names no state to go to.',
    next: 'Correct the issuer.',
  },
} as const satisfies ErrorTable;

/** A reason of {@link EXECUTION_ERRORS}. */
export type RefusalCode = keyof typeof EXECUTION_ERRORS;

/** Everything else the harness refuses or fails with. */
export const HARNESS_ERRORS = {
  HARNESS_OPTION_INVALID: {
    means: 'An option of the trainer is outside its range.',
    next: 'Correct the named option.',
  },
  HARNESS_DATASET_MISSING: {
    means: 'vendor/cldr-names/names.tsv was not found beside the harness.',
    next: 'Restore the file from the repository, or make it with scripts/make-cldr-names.ts.',
  },
  HARNESS_FRAME_TOO_LARGE: {
    means: 'A frame on the channel between trainer and host is over the size limit.',
    next: 'Check that both sides are of the same version; the channel is closed.',
  },
  HARNESS_FRAME_MALFORMED: {
    means: 'A frame on the channel between trainer and host is no message of the protocol.',
    next: 'Check that both sides are of the same version and that nothing else writes to the pipe.',
  },
  HARNESS_CHANNEL_CLOSED: {
    means: 'The other side of the channel is gone.',
    next: 'Look at how the other process ended.',
  },
  HARNESS_TRAINER_FAILED: {
    means: 'The trainer process ended with an error.',
    next: 'Look at the message and at what the process wrote to its standard error.',
  },
  HARNESS_RESUME_FAILED: {
    means: 'The run has a checkpoint from before, and it cannot be trusted; nothing was trained.',
    next: 'Move the named checkpoint aside to go on from the one before, or choose another run id.',
  },
  snapshot_missing: { means: 'No healthy snapshot is old enough.', next: 'None: the full checkpoint is tried.' },
  checkpoint_missing: { means: 'No full checkpoint exists.', next: 'Checkpoint more often, or earlier.' },
  digest_mismatch: {
    means: 'Stored weights are not those that were stored: their digest differs.',
    next: 'Look for memory or disk faults; the next tier is tried.',
  },
  checkpoint_malformed: {
    means: 'Stored weights cannot be read.',
    next: 'Check which version wrote them; the next tier is tried.',
  },
  restore_not_confirmed: {
    means: 'The weights in place after the restore are not those that were stored.',
    next: 'This is a defect of the trainer: report it.',
  },
  restore_read_failed: { means: 'The checkpoint could not be read.', next: 'Look at the disk.' },
  rollback_deadline: {
    means: 'The restore took longer than its tier allows; training halts.',
    next: 'Look at the load of the machine and the size of the checkpoint.',
  },
  gate_failed: {
    means: 'Verification itself failed; the bytes count as refused.',
    next: 'Look at the key ring and the replay memory of the trainer.',
  },
} as const satisfies ErrorTable;

/** A code of {@link HARNESS_ERRORS}. */
export type HarnessErrorCode = keyof typeof HARNESS_ERRORS;

/** A failure of the harness with a stable code. */
export class HarnessError extends CodedError<HarnessErrorCode> {
  override readonly name = 'HarnessError';

  constructor(code: HarnessErrorCode, message: string, options: CodedErrorOptions = {}) {
    super(code, message, HARNESS_ERRORS[code], options);
  }
}

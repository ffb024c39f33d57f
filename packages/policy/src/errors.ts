import { CodedError, type ErrorTable } from '@esper/std';

/**
 * Every code this package gives out: what rejects or throws as a {@link PolicyError}, and the refusals a `Result` carries
 * (lower case, as they appear in records and telemetry).
 */
export const POLICY_ERRORS = {
  safetensors_too_large: {
    means: 'A safetensors file, its header or its number of tensors is beyond the limit.',
    next: 'Check that the file is a policy checkpoint; raise the limit only if it is.',
  },
  safetensors_malformed: {
    means: 'A safetensors file breaks the format: header, offsets, lengths or JSON.',
    next: 'Export the checkpoint again and compare its SHA-256 with the one of the source.',
  },
  safetensors_dtype: {
    means: 'A tensor of a checkpoint is not little-endian float32.',
    next: 'Convert the state dict to float32 before saving it.',
  },
  weights_nonfinite: {
    means: 'A weight is NaN or infinite.',
    next: 'Do not use this checkpoint: its training has diverged or the file is damaged.',
  },
  weights_missing: {
    means: 'A tensor that the architecture needs is not in the checkpoint.',
    next: 'Compare the names with docs/formats/policy-weights-v1.md.',
  },
  weights_unexpected: {
    means: 'The checkpoint holds a tensor that the architecture does not know.',
    next: 'Export the state dict of this network alone, without optimizer or wrapper prefixes.',
  },
  weights_shape: {
    means: 'A tensor has another shape than the sizes of the network ask for.',
    next: 'Give the sizes the checkpoint was trained with.',
  },
  network_dims_invalid: {
    means: 'A size of the network is not a whole number in its range.',
    next: 'Correct the named size.',
  },
  action_prior_invalid: {
    means: 'An action prior holds an unknown action, a probability outside (0, 1], or does not sum to 1.',
    next: 'Write it as seed=P,optimizer=P,pause=P,breaker_open=P,breaker_close=P with a sum of 1.',
  },
  relation_missing: {
    means: 'A relation has no table at all; the compiled network is exact only when all 21 are given, empty or not.',
    next: 'Give an empty table for a relation without edges.',
  },
  edge_duplicate: {
    means: 'Two edges of one relation join the same pair of nodes while duplicates are refused.',
    next: 'Remove the duplicate where the graph is built.',
  },
  edge_out_of_range: {
    means: 'An edge names a row that its node table does not have.',
    next: 'Report it: the graph builder and its node tables disagree.',
  },
  edge_table_invalid: {
    means: 'The columns of an edge table disagree in length, or its attributes have another width than the network.',
    next: 'Give one source, one target and one full row of attributes per edge.',
  },
  node_table_invalid: {
    means: 'A node table has another width than the network, or its length is not rows times width.',
    next: 'Build the graph for the sizes in the manifest of the policy.',
  },
  global_node_missing: {
    means: 'The graph has no global node, so that there is nothing to read the decision from.',
    next: 'Report it: the graph builder always makes one.',
  },
  graph_too_large: {
    means: 'The graph has more nodes or edges than the limits allow.',
    next: 'Lower the caps of the graph builder, or raise the limits knowingly.',
  },
  nonfinite_input: {
    means: 'A feature or an edge attribute is NaN or infinite.',
    next: 'Find the named feature in the packet; the network was not asked.',
  },
  magnitude_out_of_range: {
    means: 'A feature or an edge attribute is finite but so large that float32 arithmetic overflows.',
    next: 'Find the named feature in the packet; the network was not asked.',
  },
  node_type_unreachable: {
    means: 'A node type has no incoming relation, vanishes after the first layer, and is needed by a later one.',
    next: 'Give at least one incoming relation (it may be empty), or drop the outgoing ones too.',
  },
  nonfinite_output: {
    means: 'The network answered with NaN or infinity.',
    next: 'Withhold the decision; check the weights and the features of this packet.',
  },
  output_shape_invalid: {
    means: 'The model answered with other tensors than its contract promises.',
    next: 'The model file and the manifest do not belong together; load a matching bundle.',
  },
  packet_field_invalid: {
    means:
      'A field that carries the structure of a packet is not sound: a repeated seed id, an unknown stage, a count below 0.',
    next: 'Correct the named field at the sender; measurements may be bad, structure may not.',
  },
  too_many_blueprints: {
    means: 'More blueprint candidates were given than one decision compares.',
    next: 'Give at most 8 eligible candidates, in catalogue order.',
  },
  normalizer_damaged: {
    means: 'The stored feature statistics cannot be read, or hold something that is not a finite number.',
    next: 'Restore the file from a backup, or remove it to start from the priors, knowingly.',
  },
  head_width: {
    means: 'A head of the network has another width than the manifest or the graph asks for.',
    next: 'The model and the manifest, or the outputs and the graph, do not belong together.',
  },
  dependency_violation: {
    means: 'A command lacks something it depends on: a seed, a blueprint, its host layers, the run it is for.',
    next: 'Read the reason and the identifier; restore the missing record, do not invent one.',
  },
  blend_violation: {
    means: 'The blend of a graft is not one the executing side can carry out as it is written.',
    next: 'Read the reason; correct the blend configuration or the structure of the blueprint.',
  },
  inference_timeout: {
    means: 'The network had no answer when the deadline passed; the runtime was killed or abandoned.',
    next: 'Look at the load of the machine and the size of the graph; a single one is survivable.',
  },
  inference_unavailable: {
    means: 'No runtime was loaded, warm and free, so the call was answered at once.',
    next: 'Wait for the restart under way; if it repeats, look at the deaths and start failures of the host.',
  },
  inference_failed: {
    means: 'The runtime refused the inputs, failed during the run, or died in it.',
    next: 'Compare the inputs with the I/O schema of the bundle; the reason names the tensor or node.',
  },
  inference_host_unstartable: {
    means: 'The first runtime of an inference host did not end in a loaded and warm model.',
    next: 'Read the reason: runtime not installed, model refused by it, or no answer before startTimeoutMs.',
  },
  inference_model_mismatch: {
    means: 'The model bytes do not have the SHA-256 that the manifest promises.',
    next: 'Load the bundle again through the registry; do not run these bytes.',
  },
} as const satisfies ErrorTable;

/** A code of {@link POLICY_ERRORS}. */
export type PolicyErrorCode = keyof typeof POLICY_ERRORS;

/** What this package rejects with or throws. `code` is stable, `next` says what to do. */
export class PolicyError extends CodedError<PolicyErrorCode> {
  override readonly name = 'PolicyError';

  constructor(code: PolicyErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(code, message, POLICY_ERRORS[code], options);
  }
}

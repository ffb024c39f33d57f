import type { AdaptationCommand, CommandDraft } from '@esper/leyline';
import { HOST_PARAMETERS } from '../../src/core/network.js';

let sequence = 0;

/** A draft of the given kind with everything an executor asks for. */
export function draft(given: Partial<CommandDraft> & Pick<CommandDraft, 'commandType'>): CommandDraft {
  return { version: 1, issuedBy: 'tamiyo', annotations: {}, ...given };
}

/** A GERMINATE that a fresh run executes. */
export function germinateDraft(given: Partial<CommandDraft> = {}): CommandDraft {
  return draft({
    commandType: 'SEED',
    targetSeedId: 'seed-fc1-a',
    seedOperation: { operation: 'GERMINATE', blueprintId: 'bp-residual-narrow', parameters: {} },
    annotations: { training_run_id: 'run-test', mesh_host_layers: JSON.stringify(HOST_PARAMETERS) },
    ...given,
  });
}

/** The draft with an identity: what verification hands to the executor. */
export function command(from: CommandDraft, given: Partial<AdaptationCommand> = {}): AdaptationCommand {
  sequence += 1;
  return {
    ...from,
    commandId: `00000000-0000-4000-8000-${String(sequence).padStart(12, '0')}`,
    trainingRunId: 'run-test',
    issuerEpoch: 1,
    sequence,
    issuedAtMs: 1_700_000_000_000,
    expiresAtMs: 1_700_000_060_000,
    ...given,
  };
}

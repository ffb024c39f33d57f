import { CodedError, type ErrorTable } from '@esper/std';

/** Why a bundle or a catalogue is refused, and what else can go wrong here. Codes are API. */
export const REGISTRY_ERRORS = {
  BUNDLE_FILE_MISSING: {
    means: 'A file of the bundle is not there.',
    next: 'Get the bundle again; a bundle is copied whole or not at all.',
  },
  BUNDLE_FILE_TOO_LARGE: {
    means: 'A file of the bundle is larger than a bundle may be.',
    next: 'Check where the bundle came from; the limits stand in docs/formats/policy-bundle-v1.md.',
  },
  BUNDLE_UNREADABLE: {
    means: 'A file of the bundle is there and cannot be read.',
    next: "Name the bundle's folder, not a file in it; look at its permissions, and at the disk.",
  },
  BUNDLE_MANIFEST_INVALID: {
    means: 'The manifest is not what format 1 says.',
    next: 'Make the bundle again with this version of Tamiyo, or read the field that the message names.',
  },
  BUNDLE_FORMAT_UNKNOWN: {
    means: 'The manifest has a format this version does not read.',
    next: 'Use a version of Tamiyo that reads it.',
  },
  BUNDLE_SIGNATURE_MISSING: {
    means: 'The bundle is not signed.',
    next: 'Sign it with a key of the ring, or get the signed one.',
  },
  BUNDLE_SIGNATURE_INVALID: {
    means: 'The signature does not fit the manifest, or its key is not trusted.',
    next: "Do not use the bundle. Find out who changed it, or add the signer's key to the ring.",
  },
  BUNDLE_DIGEST_MISMATCH: {
    means: 'A file is not the one the manifest describes.',
    next: 'Do not use the bundle. Get it again from where it was made.',
  },
  BUNDLE_FILE_TRUNCATED: {
    means: 'A file is shorter than the manifest says: it was cut off.',
    next: 'Copy the bundle again, whole, and compare the sizes; a full disk or a broken transfer cuts files off.',
  },
  BUNDLE_MANIFEST_SWAPPED: {
    means: 'Manifest and signature belong together, and none of the files belongs to them: they are of another bundle.',
    next: 'Put the files of one bundle together again, or get the bundle again.',
  },
  BUNDLE_ARCHIVE_INVALID: {
    means: 'The bytes are no bundle archive of format 1.',
    next: 'Pack the bundle again; docs/formats/policy-bundle-v1.md has the form.',
  },
  BUNDLE_CONTRACT_MISMATCH: {
    means: "The model's inputs and outputs follow another contract than this host speaks.",
    next: 'Compile the policy again with this version of Tamiyo.',
  },
  BUNDLE_ARCHITECTURE_MISMATCH: {
    means: 'The policy has another architecture than this host runs.',
    next: 'Use a bundle of the architecture that the message names.',
  },
  CATALOGUE_MISSING: {
    means: 'The blueprint catalogue is not there.',
    next: 'Give its path, or write one; docs/formats/blueprint-catalogue-v1.md has the form.',
  },
  CATALOGUE_INVALID: {
    means: 'The blueprint catalogue is not what format 1 says.',
    next: 'Correct the entry that the message names.',
  },
  CATALOGUE_DIGEST_MISMATCH: {
    means: 'An entry of the catalogue is not the one its digest describes.',
    next: 'Find out who changed the entry; write the catalogue again if the change was meant.',
  },
  CATALOGUE_FAILED: {
    means: 'The blueprint library could not be read.',
    next: 'Read the cause: the database is missing, busy, too large, in WAL mode or damaged.',
  },
  TABLE_CORRUPT: {
    means: 'The file of a name table is damaged or breaks its rules. A copy of it has been kept beside it.',
    next: 'Restore it from a backup, or run `tamiyo registry repair`; a guessed table would change what indices mean.',
  },
  TABLE_FULL: {
    means: 'A name table has no index left, so the new name has none: features that need it are absent.',
    next: 'Look for names that should not be there (`tamiyo registry show`); a larger table is a new architecture.',
  },
  TABLE_NAME_TRANSIENT: {
    means: 'What was offered as a name identifies a moment, such as a packet, and would make the table grow for ever.',
    next: 'Send the id of the thing itself; nothing has been registered.',
  },
  TABLE_NAME_INVALID: {
    means: 'What was offered as a name is too long to be one.',
    next: 'Send a name of at most 256 characters; nothing has been registered.',
  },
  TABLE_LOCKED: {
    means: 'Another process writes the name tables.',
    next: 'Stop the process that the message names, or give this one a folder of its own.',
  },
  TABLE_SAVE_FAILED: {
    means: 'A name table could not be made durable; known names stay readable, new ones get no index.',
    next: 'Check the disk of the folder that the message names, then restart.',
  },
  TABLE_MISMATCH: {
    means: 'A name table is not the one the policy was made with, so its indices may mean other things.',
    next: 'Compare them with tamiyo registry diff; restore those that belong to the policy (tamiyo registry repair), or train and compile a policy for these.',
  },
  TABLE_MISSING_IN_MANIFEST: {
    means: 'The manifest does not give the digest of every name table.',
    next: 'Make the bundle again with all seven digests.',
  },
  BUNDLE_MODEL_MISSING: {
    means: 'The bundle holds no model: a change of metadata alone is no policy.',
    next: 'Make a whole bundle, with policy.onnx.',
  },
  POLICY_STALE: {
    means: 'The bundle is older than updates may be.',
    next: 'Get a newer one, or stage it by hand with a larger age limit if it is really meant.',
  },
  POLICY_FROM_FUTURE: {
    means: 'The bundle is dated ahead of this clock.',
    next: 'Compare the clocks of this machine and of the one that made the bundle.',
  },
  POLICY_VERSION_ROLLBACK: {
    means: 'The policy has a version that is not higher than one that was already in force.',
    next: 'Give it a higher version, return to the last known good one, or sign the downgrade.',
  },
  POLICY_DOWNGRADE_UNSIGNED: {
    means: 'The wish to activate an older version carries no trusted signature for this state of the history.',
    next: 'Sign the downgrade statement of this digest and history head with a key of the ring.',
  },
  POLICY_STATE_INVALID: {
    means: 'The policy does not stand where this step begins.',
    next: 'Look at `tamiyo policy history`; stage a policy before it is shadowed or activated.',
  },
  POLICY_NONE: {
    means: 'There is no policy that can run. The host stays up, conservative, and answers no packet with a command.',
    next: 'Stage and activate a bundle, or restore the files of the one that the history names.',
  },
  POLICY_OPEN_FAILED: {
    means: 'The candidate could not be loaded and warmed in a runtime of its own. The live policy is untouched.',
    next: 'Read the reason; the model or its runtime does not fit this host.',
  },
  POLICY_SHAPE_MISMATCH: {
    means:
      "The model's inputs or outputs are not those of the sizes its manifest states. The live policy is untouched.",
    next: 'Compile the policy again from its weights; the message lists what is missing and what does not fit.',
  },
  POLICY_GOLDEN_MISMATCH: {
    means: 'The candidate does not reproduce the golden decisions it came with. The live policy is untouched.',
    next: 'Compare runtime and processor with those the bundle names; otherwise do not use it.',
  },
  POLICY_TOO_SLOW: {
    means: 'The candidate needs longer than the latency gate allows. The live policy is untouched.',
    next: 'Use a smaller or quantised policy, or a faster machine.',
  },
  POLICY_LOOSER: {
    means:
      'In shadow the candidate was looser than the live policy more often than was accepted. The live policy is untouched.',
    next: 'Look at the listed decisions; promote it with --accept-looser N if they are meant.',
  },
  POLICY_SHADOW_SHORT: {
    means: 'Too few live decisions came while the candidate was in shadow. The live policy is untouched.',
    next: 'Try again while packets come in, or ask for fewer with --shadow-decisions N.',
  },
  POLICY_LABEL_MISMATCH: {
    means: 'What the update says about its bundle is not what the signed manifest says.',
    next: 'Do not use the update. Find out who sent it; only the manifest is signed by the maker.',
  },
  POLICY_SWAP_FAILED: {
    means: 'The candidate could not be put in place of the live policy, which goes on.',
    next: 'Read the cause and try again.',
  },
  POLICY_UNHEALTHY: {
    means: 'The new policy failed its health gate after the swap; the last known good one is back in force.',
    next: 'Look at the failures of its first decisions before you stage it again.',
  },
  OMS_INVALID: {
    means: 'A model signature is not a bundle of OpenSSF Model Signing v1.0, or contradicts itself.',
    next: 'Sign the model again; read the field that the message names.',
  },
  OMS_SIGNATURE_INVALID: {
    means: 'The signature of a model does not hold, or its signer is not trusted.',
    next: "Do not use the model. Find out who signed it, or add the signer's key or root certificate.",
  },
  OMS_FILES_DIFFER: {
    means: 'The files are not exactly those that the model signature covers.',
    next: 'Get the model again, whole, from where it was signed.',
  },
  HISTORY_BROKEN: {
    means: 'The history of policies has been changed or damaged: an entry does not continue the one before it.',
    next: 'Find out who changed it; restore the file from a backup. Nothing is repaired automatically.',
  },
  STORE_LOCKED: {
    means: 'Another process holds the policy store.',
    next: 'Ask the running host that holds it: add `--url URL --token-file FILE` to the command. Otherwise stop the process that the message names.',
  },
  STORE_WRITE_FAILED: {
    means: 'A change of policy could not be made durable; the store takes no more until it is opened again.',
    next: 'Check the disk of the folder that the message names, then restart.',
  },
} as const satisfies ErrorTable;

export type RegistryErrorCode = keyof typeof REGISTRY_ERRORS;

/** Why something is refused, in a form that a newcomer can act on. */
export interface RegistryRefusal {
  readonly code: RegistryErrorCode;
  readonly message: string;
}

export class RegistryError extends CodedError<RegistryErrorCode> {
  override readonly name = 'RegistryError';

  constructor(code: RegistryErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(code, message, REGISTRY_ERRORS[code], options);
  }
}

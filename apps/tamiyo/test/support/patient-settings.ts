/** Deadlines that a busy machine keeps, for what is not about deadlines. */
export const PATIENT_DEADLINES = {
  'deadlines.inferenceMs': '20000',
  'deadlines.metadataMs': '20000',
  'deadlines.decisionMs': '60000',
} as const;

/** A host for tests beside others: patient, and with its one runtime in a thread. */
export const PATIENT_HOST = {
  ...PATIENT_DEADLINES,
  profile: 'harness',
  'inference.host': 'thread',
  'inference.standbyCount': '0',
} as const;

export { type AdmissionProbe, createAdmissionProbe, type ProbeSetup } from './testing/admission-probe.js';
export { type Deviation, deviations } from './testing/deviations.js';
export { type NaiveClaim, NaiveLedger } from './testing/naive-ledger.js';
export { type VectorOutcome, type VectorRunner, vectorRunners } from './testing/verifier-vectors.js';

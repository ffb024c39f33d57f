import { completionNoun } from './completion.js';
import { configNoun } from './config.js';
import { decideNoun } from './decide.js';
import { demoNoun } from './demo.js';
import { diffNoun } from './diff.js';
import { doctorNoun } from './doctor.js';
import { explainNoun } from './explain.js';
import { keysNoun } from './keys.js';
import { policyNoun } from './policy.js';
import type { Noun } from './program.js';
import { registryNoun } from './registry.js';
import { replayNoun } from './replay.js';
import { serveNoun } from './serve.js';
import { telemetryNoun } from './telemetry.js';
import { topNoun } from './top.js';
import { verifyNoun } from './verify.js';
import { walNoun } from './wal.js';

/** Every noun of the command line, in the order of its help. */
export const NOUNS: readonly Noun[] = [
  demoNoun,
  serveNoun,
  decideNoun,
  explainNoun,
  replayNoun,
  diffNoun,
  topNoun,
  policyNoun,
  registryNoun,
  keysNoun,
  doctorNoun,
  verifyNoun,
  walNoun,
  telemetryNoun,
  configNoun,
  completionNoun,
];

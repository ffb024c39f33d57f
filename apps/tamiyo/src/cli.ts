#!/usr/bin/env node
import { CommanderError } from 'commander';
import { completionNoun } from './cli/completion.js';
import { configNoun } from './cli/config.js';
import { decideNoun } from './cli/decide.js';
import { demoNoun } from './cli/demo.js';
import { diffNoun } from './cli/diff.js';
import { doctorNoun } from './cli/doctor.js';
import { explainNoun } from './cli/explain.js';
import { keysNoun } from './cli/keys.js';
import { EXIT } from './cli/output.js';
import { policyNoun } from './cli/policy.js';
import { createProgram } from './cli/program.js';
import { registryNoun } from './cli/registry.js';
import { replayNoun } from './cli/replay.js';
import { serveNoun } from './cli/serve.js';
import { telemetryNoun } from './cli/telemetry.js';
import { topNoun } from './cli/top.js';
import { verifyNoun } from './cli/verify.js';
import { walNoun } from './cli/wal.js';

/** The command line. Nouns are listed here, one by one. */
const program = createProgram([
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
]);
// A reader that went away (`| head`) is no failure: nothing more is printed, and a host goes on serving.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}
try {
  await program.parseAsync(process.argv);
} catch (error) {
  // Commander has printed its message; help and version are no errors.
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
}

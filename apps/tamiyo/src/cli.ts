#!/usr/bin/env node
import { CommanderError } from 'commander';
import { NOUNS } from './cli/nouns.js';
import { EXIT } from './cli/output.js';
import { createProgram } from './cli/program.js';

const program = createProgram(NOUNS);
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

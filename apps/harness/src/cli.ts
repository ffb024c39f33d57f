import { isCodedError } from '@esper/std';
import { runCommandLine } from './scenarios/command-line.js';

try {
  process.exitCode = await runCommandLine({ argv: process.argv.slice(2), print: (line) => console.log(line) });
} catch (cause) {
  const hint = isCodedError(cause) ? `${cause.code}: ${cause.message}\n${cause.next}` : String(cause);
  console.error(hint);
  process.exitCode = 2;
}

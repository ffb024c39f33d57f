import { isCodedError } from '@esper/std';
import { EXIT, runCommandLine } from './command-line.js';

const { stdout, stderr } = process;

/** What went wrong and what to do, on standard error. */
function tell(cause: unknown): void {
  const message = cause instanceof Error ? cause.message : String(cause);
  stderr.write(`error ${isCodedError(cause) ? `${cause.code}: ` : ''}${message}\n`);
  stderr.write(
    `  next: ${isCodedError(cause) ? cause.next : 'Run it again with the same --seed; a scenario that cannot be run is a defect.'}\n`,
  );
}

try {
  process.exitCode = await runCommandLine({
    argv: process.argv.slice(2),
    print: (line) => {
      if (stderr.isTTY) stderr.write('\r\u001b[K');
      stdout.write(`${line}\n`);
    },
    complain: (line) => stderr.write(`${line}\n`),
    progress: (text) => {
      if (stderr.isTTY) stderr.write(`\r\u001b[K${text}`);
    },
  });
} catch (cause) {
  tell(cause);
  process.exitCode = EXIT.broken;
}

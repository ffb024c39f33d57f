import { isCodedError } from '@esper/std';
import type { WalErrorCode } from '@esper/wal';
import { EXIT } from './output.js';
import type { CommandContext } from './program.js';

const EXITS: Readonly<Partial<Record<WalErrorCode, number>>> = {
  WAL_CORRUPT: EXIT.corrupt,
  WAL_FORMAT_UNKNOWN: EXIT.corrupt,
  WAL_LOCKED: EXIT.unsafe,
  WAL_NOT_EMPTY: EXIT.unsafe,
  WAL_BACKUP_INVALID: EXIT.verification,
};

/** The exit code of a log error: 5 damaged, 3 held by a process or in the way, 4 a copy that does not read back, 1 failed. */
const walExit = (code: string): number => EXITS[code as WalErrorCode] ?? EXIT.failure;

/** Runs a command's body; an error of the log is printed like any other and has its own exit code. */
export async function withWalExit(context: CommandContext, body: () => Promise<number>): Promise<number> {
  try {
    return await body();
  } catch (error) {
    if (!isCodedError(error)) throw error;
    context.output.error(error);
    return walExit(error.code);
  }
}

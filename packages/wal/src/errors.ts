import { CodedError, type CodedErrorOptions, type ErrorTable } from '@esper/std';
import type { RecoveryReport } from './core/recovery-report.js';

/** Every way in which the log refuses, with what to do about it. */
export const WAL_ERRORS = {
  WAL_LOCKED: {
    means: 'Another process has this log open for writing; the message names it.',
    next: 'Stop that process, or, if it runs on a machine that is gone, remove the lock file it names.',
  },
  WAL_POISONED: {
    means: 'A write or a sync failed and a fresh segment failed too, so nothing more can be made durable here.',
    next: 'Look at the disk, then close and reopen the log; records that were not acknowledged must be appended again.',
  },
  WAL_FULL: {
    means: 'The disk is full; the record was not written and what had been written of it was removed.',
    next: 'Free space or run retention; append with `useReserve` to record that the disk is full.',
  },
  WAL_CORRUPT: {
    means: 'Records are damaged and the recovery mode forbids going on; `report` lists every place.',
    next: 'Restore a backup, or open with `recovery: "salvage"` to keep every whole record and note the rest as lost.',
  },
  WAL_RECORD_TOO_LARGE: {
    means: 'The record is longer than `recordBytesMax`.',
    next: 'Store the payload elsewhere and append its digest, or raise the limit.',
  },
  WAL_ISSUE_TIME_INVALID: {
    means: 'The issue time given with a record is no time in whole milliseconds after 1970.',
    next: 'Give the time at which the record was issued, or none.',
  },
  WAL_QUEUE_FULL: {
    means: 'More records wait for the disk than `queueRecordsMax` or `queueBytesMax` allow; this one was refused.',
    next: 'Wait for earlier appends before making new ones.',
  },
  WAL_CLOSED: {
    means: 'The log has been closed.',
    next: 'Open it again.',
  },
  WAL_ABSENT: {
    means: 'The folder that was to be read is not there.',
    next: 'Check the path; a log is made when it is first opened for writing.',
  },
  WAL_IO: {
    means: 'The disk failed while the log was opened, read, closed or copied; `cause` says how.',
    next: 'Look at the disk; nothing was acknowledged that is not durable.',
  },
  WAL_FORMAT_UNKNOWN: {
    means: 'A segment was written by a newer version of the format.',
    next: 'Use a version of this library that knows it.',
  },
  WAL_NOT_EMPTY: {
    means: 'The target of a backup or restore already holds files.',
    next: 'Give an empty or new directory.',
  },
  WAL_BACKUP_INVALID: {
    means: 'A backup does not read back as what was copied; it was not put in place.',
    next: 'Take another backup; keep the source.',
  },
} as const satisfies ErrorTable;

/** The closed set of codes of {@link WalError}. */
export type WalErrorCode = keyof typeof WAL_ERRORS;

export interface WalErrorOptions extends CodedErrorOptions {
  /** What recovery found, with `WAL_CORRUPT`. */
  readonly report?: RecoveryReport;
  /** Who holds the lock, with `WAL_LOCKED`. */
  readonly holder?: string;
}

/** The one error class of this package. Payloads never appear in it. */
export class WalError extends CodedError<WalErrorCode> {
  override readonly name = 'WalError';
  readonly report: RecoveryReport | undefined;
  readonly holder: string | undefined;

  constructor(code: WalErrorCode, message: string, options: WalErrorOptions = {}) {
    super(code, message, WAL_ERRORS[code], 'cause' in options ? { cause: options.cause } : {});
    this.report = options.report;
    this.holder = options.holder;
  }
}

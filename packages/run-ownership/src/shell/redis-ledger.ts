import { RunOwnershipError } from '../errors.js';
import { type RedisLedgerOptions, type ResolvedRedisLedgerOptions, resolveRedisLedgerOptions } from '../options.js';
import type {
  CommitAnswer,
  EnterAnswer,
  EnterAsk,
  FencedWrite,
  LedgerConnection,
  LedgerReply,
  RunLedger,
  Timers,
  WithdrawAnswer,
} from '../ports.js';
import { readAdopt, readCommit, readEnter, readWithdraw } from '../wire/replies.js';
import { ADOPT, COMMIT, ENTER, RELEASE, WITHDRAW } from '../wire/scripts.js';

/** What a ledger on Redis needs from outside. */
export interface RedisLedgerPorts {
  readonly connection: LedgerConnection;
  readonly timers: Timers;
}

/** A run that was asked for and never written to is forgotten after at least so long. */
const UNWRITTEN_KEEP_MS = 60_000;
/** That a packet was answered is known for at least so long. */
const ANSWERED_KEEP_MS = 60_000;

/** The ledger on Redis (6.2 or later, one primary). Throws `LEDGER_OPTION_INVALID`. */
export const createRedisLedger = (ports: RedisLedgerPorts, options: RedisLedgerOptions = {}): RunLedger =>
  new RedisLedger(ports, resolveRedisLedgerOptions(options));

class RedisLedger implements RunLedger {
  readonly #ports: RedisLedgerPorts;
  readonly #options: ResolvedRedisLedgerOptions;

  constructor(ports: RedisLedgerPorts, options: ResolvedRedisLedgerOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  async enter(run: string, ask: EnterAsk): Promise<EnterAnswer> {
    const { owner, token, revision, floor, leaseMs, packetId } = ask;
    const keys = [this.#runKey(run), ...this.#answerKeys(run, packetId ?? ''), `${this.#options.keyPrefix}:token`];
    const keepMs = Math.max(UNWRITTEN_KEEP_MS, 2 * leaseMs);
    const numbers = [token, revision, floor, leaseMs, keepMs].map(String);
    return readEnter(await this.#evaluate(ENTER, keys, [owner, ...numbers, packetId === undefined ? '0' : '1']));
  }

  async commit(run: string, { token, sequence, state, answer }: FencedWrite): Promise<CommitAnswer> {
    const { keepMs, answerKeepMs } = this.#options;
    const keys = [this.#runKey(run), ...this.#answerKeys(run, answer?.packetId ?? '')];
    const keeps = [keepMs, Math.max(1, answerKeepMs), Math.max(ANSWERED_KEEP_MS, 2 * answerKeepMs)].map(String);
    const stored = [answer?.commandId ?? '', answer?.bytes ?? ''];
    return readCommit(await this.#evaluate(COMMIT, keys, [`${token}`, `${sequence}`, state, ...keeps, ...stored]));
  }

  async release(run: string, token: number): Promise<void> {
    await this.#evaluate(RELEASE, [this.#runKey(run)], [`${token}`]);
  }

  async withdraw(
    run: string,
    { packetId, commandId }: { readonly packetId: string; readonly commandId: string },
  ): Promise<WithdrawAnswer> {
    return readWithdraw(await this.#evaluate(WITHDRAW, this.#answerKeys(run, packetId), [commandId]));
  }

  async adopt(run: string, { state, sequence }: { readonly state: Uint8Array; readonly sequence: number }) {
    return readAdopt(
      await this.#evaluate(ADOPT, [this.#runKey(run)], [state, `${sequence}`, `${this.#options.keepMs}`]),
    );
  }

  #runKey(run: string): string {
    return `${this.#options.keyPrefix}:run:${run}`;
  }

  /** The length stands before the run, so that no run and packet share a key with another pair. */
  #answerKeys(run: string, packetId: string): readonly [string, string] {
    const rest = `${run.length}:${run}/${packetId}`;
    return [`${this.#options.keyPrefix}:answer:${rest}`, `${this.#options.keyPrefix}:answered:${rest}`];
  }

  /** The answer in time, or a rejection: what is late is no answer. */
  #evaluate(script: string, keys: readonly string[], args: readonly (string | Uint8Array)[]): Promise<LedgerReply> {
    const { connection, timers } = this.#ports;
    const { answerWithinMs } = this.#options;
    return new Promise((resolve, reject) => {
      const cancel = timers.after(answerWithinMs, () => reject(unavailable(`no answer within ${answerWithinMs} ms`)));
      connection
        .command(['EVAL', script, `${keys.length}`, ...keys, ...args])
        .then(resolve, (cause: unknown) => reject(unavailable(messageOf(cause), cause)))
        .finally(cancel);
    });
  }
}

const unavailable = (message: string, cause?: unknown): RunOwnershipError =>
  new RunOwnershipError('LEDGER_UNAVAILABLE', `redis: ${message}`, cause === undefined ? {} : { cause });

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message.slice(0, 200) : 'failed');

import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { TensorMap } from '../../core/network/feeds.js';
import type { RunOutcome, Runtime, RuntimeInfo, StartOutcome } from '../../shell/hosting/runtime.js';
import { processArguments } from './entry-file.js';
import { machineMsSince } from './machine-time.js';
import { type LoadRequest, reasonOf } from './ort-model.js';
import { encodeHeader, FRAME_HEADER_BYTES, FrameAssembler, type FrameHeader, fillHeader } from './pipe-frame.js';
import { CHANNEL_FD, LIFELINE_FD, REPLY_BYTES_MAX } from './process-wiring.js';
import { readTensors } from './tensor-reader.js';
import { TensorWriter } from './tensor-writer.js';

const STDERR_CHARS_KEPT = 600;
/** What a child may know of the environment: how to load libraries, and nothing that could be a secret. */
const ENVIRONMENT_KEPT = ['PATH', 'HOME', 'TMPDIR', 'LD_LIBRARY_PATH', 'NODE_PATH'] as const;

/** Starts a child process and sends it `model`. The child hashes the bytes again before it loads them. */
export function startProcessRuntime(model: Uint8Array, request: LoadRequest): Runtime {
  const child = spawn(process.execPath, processArguments(), {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    env: Object.fromEntries(ENVIRONMENT_KEPT.flatMap((name) => environmentEntry(name))),
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    windowsHide: true,
  });
  return new ProcessRuntime(child, model, request);
}

function environmentEntry(name: string): [string, string][] {
  const value = process.env[name];
  return value === undefined ? [] : [[name, value]];
}

class ProcessRuntime implements Runtime {
  readonly started: Promise<StartOutcome>;
  readonly ended: Promise<string>;
  readonly #child: ChildProcess;
  readonly #channel: Socket;
  readonly #writer = new TensorWriter(undefined, FRAME_HEADER_BYTES);
  #resolveStarted: (outcome: StartOutcome) => void = () => undefined;
  #pending: { readonly call: number; readonly resolve: (outcome: RunOutcome) => void } | undefined;
  #info: RuntimeInfo | undefined;
  #calls = 0;
  #stderr = '';

  constructor(child: ChildProcess, model: Uint8Array, request: LoadRequest) {
    this.#child = child;
    this.#channel = child.stdio[CHANNEL_FD] as Socket;
    this.started = new Promise((resolve) => {
      this.#resolveStarted = resolve;
    });
    this.ended = this.#watchEnd();
    this.#listen();
    // The host's timers keep the process alive while someone waits; an idle child must not.
    for (const handle of [child, child.stderr as Socket, this.#channel, child.stdio[LIFELINE_FD] as Socket])
      handle.unref();
    const head = new TextEncoder().encode(`${JSON.stringify(request)}\0`);
    const bodyBytes = head.byteLength + model.byteLength;
    this.#send({ kind: 'load', call: 0, runMs: 0, readyAtMs: 0, bodyBytes }, [head, model]);
  }

  run(inputs: TensorMap): Promise<RunOutcome> {
    this.#calls += 1;
    const call = this.#calls;
    return new Promise((resolve) => {
      try {
        const frame = this.#writer.write(this.#info?.inputNames ?? [], inputs);
        this.#pending = { call, resolve };
        const bodyBytes = frame.byteLength - FRAME_HEADER_BYTES;
        fillHeader(this.#writer.lead, { kind: 'run', call, runMs: 0, readyAtMs: 0, bodyBytes });
        // One piece, one system call. The writer's bytes are free again when the reply has come.
        this.#channel.write(frame);
      } catch (error) {
        this.#pending = undefined;
        resolve({ kind: 'failed', reason: reasonOf(error) });
      }
    });
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }

  #send(header: FrameHeader, parts: readonly Uint8Array[]): void {
    this.#channel.cork();
    this.#channel.write(encodeHeader(header));
    for (const part of parts) this.#channel.write(part);
    this.#channel.uncork();
  }

  #listen(): void {
    const frames = new FrameAssembler(REPLY_BYTES_MAX, (header, body) => this.#receive(header, body));
    this.#channel.on('data', (chunk: Uint8Array) => {
      try {
        frames.push(chunk);
      } catch (error) {
        // A child that breaks the protocol cannot be trusted with the next call.
        this.#stderr += reasonOf(error);
        this.#child.kill('SIGKILL');
      }
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_CHARS_KEPT);
    });
    // EPIPE and ECONNRESET come when the child is gone, and `ended` says how; a child that lives behind a broken pipe is no use.
    const broken = (): void => {
      this.#child.kill('SIGKILL');
    };
    for (const handle of [this.#channel, this.#child.stderr, this.#child.stdio[LIFELINE_FD]])
      handle?.on('error', broken);
  }

  #receive(header: FrameHeader, body: Uint8Array): void {
    if (header.kind === 'ready') {
      this.#info = JSON.parse(new TextDecoder().decode(body)) as RuntimeInfo;
      this.#resolveStarted({ kind: 'ready', info: this.#info });
    } else if (header.kind === 'refused') {
      this.#resolveStarted({ kind: 'refused', reason: new TextDecoder().decode(body) });
    } else if (header.call === this.#pending?.call) {
      const { resolve } = this.#pending;
      this.#pending = undefined;
      resolve(this.#outcome(header, body));
    }
  }

  #outcome(header: FrameHeader, body: Uint8Array): RunOutcome {
    if (header.kind !== 'outputs') return { kind: 'failed', reason: new TextDecoder().decode(body) };
    const outputs = readTensors(this.#info?.outputNames ?? [], body);
    return { kind: 'outputs', outputs, runMs: header.runMs, unreadMs: machineMsSince(header.readyAtMs) };
  }

  #watchEnd(): Promise<string> {
    return new Promise((resolve) => {
      const end = (how: string): void => {
        const said = this.#stderr.trim();
        const reason = said === '' ? how : `${how}: ${said}`;
        this.#resolveStarted({ kind: 'died', reason });
        for (const handle of this.#child.stdio) handle?.destroy();
        resolve(reason);
      };
      this.#child.once('error', (error) => end(reasonOf(error)));
      this.#child.once('exit', (code, signal) => end(signal === null ? `exit code ${code}` : `signal ${signal}`));
    });
  }
}

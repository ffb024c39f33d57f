import { resolve } from 'node:path';
import { CodedError } from '@esper/std';
import type { z } from 'zod';
import { resolveClientOptions } from '../client/client-options.js';
import { Exchange, type Received } from '../client/exchange.js';
import { TamiyoError } from '../errors.js';
import { PROBLEM } from '../http/api-schemas.js';
import { POLICY_ORDERED, type PolicyOrderBody } from '../http/policy-schemas.js';
import { type AccessOptions, hostAccess } from './host-access.js';
import { loadConfig } from './load-config.js';
import { EXIT } from './output.js';
import type { CommandContext } from './program.js';

/** A promotion waits for live packets; what takes longer than this has been left alone by them. */
const ANSWER_MS_MAX = 3_600_000;
const ANSWER_BYTES_MAX = 1 << 20;
const PATH = '/v1/policies/orders';

/** What a running host refuses, under its own code and with its own next step. */
class HostRefusal extends CodedError<string> {
  override readonly name = 'HostRefusal';

  constructor({ code, detail, title, next }: z.infer<typeof PROBLEM>) {
    super(code, detail, { means: title, next });
  }
}

/** True when a running host is to be asked, and not the store of a data folder. */
export const asksHost = ({ url, tokenFile }: AccessOptions): boolean => url !== undefined || tokenFile !== undefined;

/** A bundle as a host finds it, wherever it was started. */
export const bundlePath = (folder: string): string => resolve(folder);

/** Gives an order to a running host, waits until it is over, and prints what it has led to. */
export async function orderRunning(
  context: CommandContext,
  options: AccessOptions,
  order: PolicyOrderBody,
): Promise<number> {
  const { values } = await loadConfig(context);
  const access = await hostAccess(values, options, 'operator');
  const ordered = await send(access, order);
  const { output } = context;
  const { proof } = ordered;
  output.object(ordered);
  output.line(`${SAYS[ordered.kind]}: ${ordered.policyId}, version ${ordered.policyVersion}`);
  output.line(`digest ${ordered.digest}`);
  if (proof === undefined) return EXIT.ok;
  output.line(`${proof.goldenCases} golden cases recomputed, p95 ${proof.latencyMs.toFixed(2)} ms`);
  output.line(proof.shadow === null ? 'nothing was compared on live packets' : shadowLine(proof.shadow));
  return EXIT.ok;
}

const SAYS = { stage: 'staged', promote: 'in force', roll_back: 'back in force' } as const;

const shadowLine = ({ decisions, looser }: Readonly<Record<string, unknown>>): string =>
  `${String(decisions)} decisions compared on live packets, ${Array.isArray(looser) ? looser.length : 0} of them looser`;

async function send(
  { url, token }: { readonly url: string; readonly token: string },
  order: PolicyOrderBody,
): Promise<z.infer<typeof POLICY_ORDERED>> {
  const exchange = exchangeWith(url, token);
  try {
    const received = await exchange.send({
      method: 'POST',
      path: PATH,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: new TextEncoder().encode(JSON.stringify(order)),
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
      answerBytesMax: ANSWER_BYTES_MAX,
    });
    return orderedIn(received, url);
  } catch (cause) {
    if (cause instanceof CodedError) throw cause;
    throw new TamiyoError('HOST_UNREACHABLE', `${url} gives no answer`, { cause });
  } finally {
    exchange.close();
  }
}

function exchangeWith(url: string, token: string): Exchange {
  try {
    return new Exchange(resolveClientOptions({ address: url, token }).address, 1);
  } catch (cause) {
    throw new TamiyoError('CONFIG_INVALID', `--url or the token cannot be used: ${String(cause)}`, { cause });
  }
}

function orderedIn({ status, body }: Received, url: string): z.infer<typeof POLICY_ORDERED> {
  const value = jsonOf(body, url);
  if (status === 200) {
    const ordered = POLICY_ORDERED.safeParse(value);
    if (ordered.success) return ordered.data;
  }
  const problem = PROBLEM.safeParse(value);
  if (!problem.success) throw notAHost(url, `status ${status}`);
  throw new HostRefusal(problem.data);
}

function jsonOf(body: Uint8Array, url: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw notAHost(url, String(cause));
  }
}

const notAHost = (url: string, why: string): TamiyoError =>
  new TamiyoError('HOST_UNREACHABLE', `what answers at ${url} is no host that takes this order (${why})`);

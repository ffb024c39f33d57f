import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isCodedError } from '@esper/std';
import { type Command, Option } from 'commander';
import { openKeys } from '../adapters/keys.js';
import { makeMissing } from '../host/first-start.js';
import { openService, type Service } from '../http/open-service.js';
import { LOG_LEVELS, type LogLevel, pinoLog } from '../http/pino-log.js';
import { loadConfig } from './load-config.js';
import { EXIT, type Output } from './output.js';
import { type CommandContext, type Noun, withCommonOptions } from './program.js';

interface ServeOptions {
  readonly port?: string;
  readonly socket?: string;
  readonly data?: string;
  readonly init?: boolean;
  readonly logLevel: LogLevel;
}

const EXAMPLES = `Examples:
  tamiyo serve --init                       first start: an untrained policy, example blueprints and tokens are made
  tamiyo serve                              later starts; stop it with Ctrl-C or SIGTERM
  tamiyo serve --socket /run/tamiyo.sock --set http.host=off
                                            on a Unix socket alone
  tamiyo serve --port 0 --json              on any free port; the first line of stdout says which

  curl -H "Authorization: Bearer $(cat var/tamiyo/tokens/trainer)" -H 'Content-Type: application/json' \\
       -H 'Accept: application/json' --data @packet.json http://127.0.0.1:8690/v1/runs/run-1/decisions
`;

/** `tamiyo serve`: the decision path behind HTTP, until it is told to stop. */
export const serveNoun: Noun = (program, run) => {
  withCommonOptions(program.command('serve'))
    .description('answer packets over HTTP on this machine: loopback TCP and, if asked for, a Unix socket')
    .addHelpText('before', EXAMPLES)
    .option('--init', 'make what a first start lacks: an untrained policy and example blueprints')
    .option('--port <number>', 'TCP port on 127.0.0.1; 0 takes any that is free; default: the configuration (8690)')
    .option('--socket <path>', 'listen on this Unix socket as well')
    .option('--data <folder>', 'where log, policy, catalogue and tokens lie; default: the configuration (./var/tamiyo)')
    .addOption(
      new Option('--log-level <level>', 'what goes to stderr, as one JSON object per line')
        .choices(LOG_LEVELS)
        .default('info'),
    )
    .addHelpText(
      'after',
      '\nKeys come from ESPER_LEYLINE_SECRET (at least 32 bytes) or TAMIYO_KEY_FOLDER. docs/http-api.md describes the interface.',
    )
    .action(async (_options: unknown, command: Command) =>
      run(command, (context) => serve(context, command.opts<ServeOptions>())),
    );
};

/** What is missing when somebody starts for the first time. */
const MADE_BY_INIT = new Set(['CATALOGUE_MISSING', 'POLICY_MISSING']);
const FIRST_START = 'A first start? tamiyo serve --init makes an untrained policy and example blueprints.';

const NOT_READY =
  'No packet gets a command before that is mended. tamiyo doctor tells what to do, /readyz when it is over.';

async function serve(context: CommandContext, options: ServeOptions): Promise<number> {
  const startedAt = performance.now();
  const stop = stopSignal();
  const config = await loadConfig(context, {
    ...(options.port === undefined ? {} : { 'http.port': options.port }),
    ...(options.socket === undefined ? {} : { 'http.socket': options.socket }),
    ...(options.data === undefined ? {} : { dataDir: options.data }),
  });
  const keys = await openKeys({ folder: config.values['seal.keyFolder'], environment: context.environment });
  const made = options.init === true ? await makeMissing(config, keys) : [];
  const log = pinoLog(options.logLevel, process.stderr);
  let cutCount = 0;
  const { environment } = context;
  const setup = { config, keys, log, environment, version: await ownVersion() };
  const service = await openService(setup).catch((cause: unknown) => {
    if (isCodedError(cause) && MADE_BY_INIT.has(cause.code)) context.output.note(FIRST_START);
    throw cause;
  });
  try {
    tellReady(service, { output: context.output, made, startMs: performance.now() - startedAt });
    log.noted('host.stopping', { signal: await stop });
  } finally {
    const { cut } = await service.close();
    log.noted('host.stopped', { cut });
    cutCount = cut;
  }
  return cutCount === 0 ? EXIT.ok : EXIT.timeout;
}

/** The first signal to stop. A second one ends the process at once: it has no handler any more. */
const stopSignal = (): Promise<string> =>
  new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });

/** The version in package.json, which lies one folder above, built or not. */
async function ownVersion(): Promise<string> {
  for (const above of ['..', '../..']) {
    const text = await readFile(join(import.meta.dirname, above, 'package.json'), 'utf8').catch(() => undefined);
    if (text !== undefined) return (JSON.parse(text) as { readonly version: string }).version;
  }
  return 'unknown';
}

function tellReady(
  { host, addresses, tokens }: Service,
  told: { readonly output: Output; readonly made: readonly string[]; readonly startMs: number },
): void {
  const { output, made, startMs } = told;
  const { recovered, issuerEpoch } = host;
  const missing = host.readiness().checks.filter((check) => !check.ok);
  const facts = {
    type: 'ready',
    addresses,
    tokenFolder: tokens.folder,
    made: [...made, ...tokens.made.map((name) => join(tokens.folder, name))],
    issuerEpoch,
    recovered: recovered.counts,
    startMs: Math.round(startMs),
    notReady: missing.map(({ name, detail }) => `${name}: ${detail}`),
  };
  output.object(facts);
  output.line(output.style('bold', `Tamiyo serves ${addresses.join(' and ')}`));
  output.line(`  started    in ${facts.startMs} ms; issuer epoch ${issuerEpoch}`);
  output.line(`  log        decisions from before: ${recovered.counts.decision}`);
  output.line(`  tokens     ${tokens.folder}`);
  for (const path of facts.made) output.line(`  made now   ${path}`);
  output.line(`  contract   ${addresses[0]}/openapi.json`);
  for (const what of facts.notReady) output.line(output.style('red', `  NOT READY  ${what}`));
  if (facts.notReady.length > 0) output.note(NOT_READY);
}

import { parseArgs } from 'node:util';
import { FAULT_KINDS, parseFault } from '../core/fault-schedule.js';
import { HarnessError } from '../errors.js';
import type { ScenarioRequest } from './scenario.js';
import { SCENARIOS } from './scenario-table.js';

/** Where the command line reads from and writes to. */
export interface CommandLine {
  readonly argv: readonly string[];
  print(line: string): void;
}

const USAGE = `harness: runs of the real trainer

  harness                       this list
  harness run <scenario>        [--seed 1] [--steps N] [--fault kind@step[+steps][=value]]... [--json]

scenarios:`;

function listing(): string {
  const scenarios = Object.entries(SCENARIOS).map(([name, { about }]) => `  ${name.padEnd(20)}${about}`);
  const faults = Object.entries(FAULT_KINDS).map(([kind, { value, means }]) => {
    const unit = value === 'none' ? '' : ` (=${value})`;
    return `  ${kind.padEnd(20)}${means}${unit}`;
  });
  return [USAGE, ...scenarios, '', 'faults:', ...faults].join('\n');
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new HarnessError('HARNESS_OPTION_INVALID', `--${name} takes a whole number, got ${text}`);
}

interface Order extends Omit<ScenarioRequest, 'say'> {
  readonly scenario: string | undefined;
  readonly json: boolean;
}

function readOrder(argv: readonly string[]): Order {
  const { values, positionals } = parseArgs({
    args: argv.filter((arg) => arg !== '--'),
    allowPositionals: true,
    options: {
      seed: { type: 'string', default: '1' },
      steps: { type: 'string' },
      fault: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
    },
  });
  const [verb, name = ''] = positionals;
  const scenario = verb === 'run' ? name : undefined;
  const steps = values.steps ?? String(SCENARIOS[name]?.defaultSteps ?? 0);
  const faults = values.fault.map((text) => {
    const parsed = parseFault(text);
    if (!parsed.ok) throw new HarnessError('HARNESS_FAULT_INVALID', parsed.error);
    return parsed.value;
  });
  return {
    scenario,
    seed: wholeNumber('seed', values.seed),
    steps: wholeNumber('steps', steps),
    faults,
    json: values.json,
  };
}

/** Runs one command line. Resolves with the exit code: 0 all held, 1 something asserted did not. Throws `HarnessError`. */
export async function runCommandLine({ argv, print }: CommandLine): Promise<0 | 1> {
  const { scenario: name, json, ...order } = readOrder(argv);
  if (name === undefined) {
    print(listing());
    return 0;
  }
  const scenario = Object.hasOwn(SCENARIOS, name) ? SCENARIOS[name] : undefined;
  if (scenario === undefined) {
    throw new HarnessError(
      'HARNESS_SCENARIO_UNKNOWN',
      `${name || 'nothing'} is no scenario; known: ${Object.keys(SCENARIOS)}`,
    );
  }
  const { json: found, failures } = await scenario.run({ ...order, say: json ? () => undefined : print });
  for (const failure of failures) print(`did not hold: ${failure}`);
  if (json) print(JSON.stringify({ ...found, failures }));
  return failures.length === 0 ? 0 : 1;
}

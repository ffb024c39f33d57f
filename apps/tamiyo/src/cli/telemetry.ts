import type { Command } from 'commander';
import { openEnvironmentBus } from '../adapters/environment-bus.js';
import { loadConfig } from './load-config.js';
import { type CommandContext, type Noun, withCommonOptions } from './program.js';
import { drainStreams } from './telemetry-drain.js';
import { loadRouting } from './telemetry-load.js';
import { requeueLetters } from './telemetry-requeue.js';
import type { TelemetryTarget } from './telemetry-streams.js';
import { tailStreams } from './telemetry-tail.js';

const WHERE = `
The bus is that of the environment: Redis with REDIS_URL (names from OONA_*_STREAM, secret from ESPER_LEYLINE_SECRET), else the
embedded one in the data folder, which has to be free: stop the host first.`;

/** `tamiyo telemetry tail | drain | requeue | load`. */
export const telemetryNoun: Noun = (program, run) => {
  const noun = program.command('telemetry').description('the streams of telemetry: look, empty, send again, load');
  const verb = (
    command: Command,
    examples: string,
    body: (target: TelemetryTarget, options: object) => Promise<number>,
  ) =>
    withCommonOptions(command)
      .addHelpText('after', `${WHERE}\n\nExamples:\n${examples}`)
      .action(async (_options: unknown, self: Command) =>
        run(self, (context) => onBus(context, (target) => body(target, self.opts()))),
      );
  verb(
    noun
      .command('tail')
      .description('print packets as they come, without taking them from anybody')
      .option('--stream <which>', 'emergency, telemetry or both', 'both')
      .option('--count <n>', 'stop after so many', '100')
      .option('--for <seconds>', 'stop after so long', '10'),
    '  tamiyo telemetry tail --stream emergency --count 5',
    (target, options) => tailStreams(target, options as Parameters<typeof tailStreams>[1]),
  );
  verb(
    noun
      .command('drain')
      .description('acknowledge everything that waits, for every group of the streams')
      .option('--streams <which>', 'emergency, telemetry or both', 'both')
      .option('--dry-run', 'only say what waits')
      .option('--for <seconds>', 'give up after so long', '30'),
    '  tamiyo telemetry drain --streams both --dry-run',
    (target, options) => drainStreams(target, options as Parameters<typeof drainStreams>[1]),
  );
  verb(
    noun
      .command('requeue')
      .description('publish dead letters again on the streams they came from')
      .option('--count <n>', 'at most so many', '100'),
    '  tamiyo telemetry requeue --count 10',
    (target, options) => requeueLetters(target, options as Parameters<typeof requeueLetters>[1]),
  );
  verb(
    noun
      .command('load')
      .description('send packets through priority, lanes and bus, and account for every one')
      .option('--count <n>', 'how many', '60')
      .option('--rate <n>', 'a second; 0 as fast as it goes', '0')
      .option('--priority <which>', 'low, normal, high or critical', 'critical')
      .option('--per-minute <n>', 'bound of the emergency lane; 0 for none', '0'),
    '  tamiyo telemetry load --count 60 --rate 0 --priority critical',
    (target, options) => loadRouting(target, options as Parameters<typeof loadRouting>[1]),
  );
};

async function onBus(context: CommandContext, body: (target: TelemetryTarget) => Promise<number>): Promise<number> {
  const { values } = await loadConfig(context);
  const opened = await openEnvironmentBus(context.environment, values.dataDir);
  try {
    return await body({ bus: opened.bus, kind: opened.kind, output: context.output });
  } finally {
    await opened.close();
  }
}

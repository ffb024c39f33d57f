import type { Command } from 'commander';
import { type ConfigKey, KNOBS } from '../config/knobs.js';
import { nearestName } from '../config/nearest-name.js';
import { TamiyoError } from '../errors.js';
import { loadConfig } from './load-config.js';
import { EXIT } from './output.js';
import { type Noun, withCommonOptions } from './program.js';

/** `tamiyo config show | explain KEY`. */
export const configNoun: Noun = (program, run) => {
  const noun = program.command('config').description('what is configured, and where each value comes from');
  withCommonOptions(noun.command('show'))
    .description('every setting, its value and its source')
    .action(async (_options: unknown, command: Command) =>
      run(command, async (context) => {
        const { values, sources, digest } = await loadConfig(context);
        const keys = Object.keys(KNOBS) as ConfigKey[];
        context.output.object({ digest, values, sources });
        for (const key of keys)
          context.output.line(`${key.padEnd(28)} ${String(values[key]).padEnd(16)} ${sources[key]}`);
        context.output.line(`\ndigest ${digest}`);
        return EXIT.ok;
      }),
    );
  withCommonOptions(noun.command('explain <key>'))
    .description('one setting: value, source, default, what it changes')
    .action(async (key: string, _options: unknown, command: Command) =>
      run(command, async (context) => {
        if (!(key in KNOBS))
          throw new TamiyoError(
            'CONFIG_INVALID',
            `there is no setting ${key}; did you mean ${nearestName(key, Object.keys(KNOBS))}?`,
          );
        const { values, sources } = await loadConfig(context);
        const known = key as ConfigKey;
        const knob = KNOBS[known];
        const explained = {
          key,
          value: values[known],
          source: sources[known],
          default: knob.default,
          environment: knob.env,
          changes: knob.changes,
        };
        context.output.object(explained);
        for (const [name, value] of Object.entries(explained))
          context.output.line(`${name.padEnd(12)} ${String(value)}`);
        return EXIT.ok;
      }),
    );
};

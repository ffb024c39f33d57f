import { FeatureFlags } from '../config/flags.js';
import type { ConfigProblem } from '../config/resolve.js';
import { type Check, codeOf, fail, failFrom, pass, skipped, warn } from './check.js';
import type { Scene } from './scene.js';

const problemsOf = (scene: Scene, kind: ConfigProblem['kind']): readonly ConfigProblem[] =>
  scene.setup.problems.filter((problem) => problem.kind === kind);

const listed = (problems: readonly ConfigProblem[]): string =>
  problems.map(({ key, source, message }) => `${key} (${source}): ${message}`).join('; ');

/** What is set, and whether a host would take it. */
export const CONFIG_CHECKS: readonly Check[] = [
  {
    id: 'config.file',
    asks: 'Can the configuration file be read?',
    look: async ({ setup }) => {
      if (setup.configFile === undefined) return skipped('no configuration file is given');
      return setup.fileFailure === undefined ? pass(setup.configFile) : failFrom(setup.fileFailure);
    },
  },
  {
    id: 'config.names',
    asks: 'Is every setting one that there is?',
    look: async (scene) => {
      const unknown = problemsOf(scene, 'unknown');
      if (unknown.length === 0) return pass('every name is known');
      return fail(listed(unknown), 'Correct or remove each name; tamiyo config show lists those that there are.');
    },
  },
  {
    id: 'config.values',
    asks: 'Does every value fit?',
    look: async (scene) => {
      const wrong = problemsOf(scene, 'value');
      if (wrong.length === 0) return pass('every value fits');
      return fail(listed(wrong), 'Correct each value; tamiyo config explain KEY says what it changes.');
    },
  },
  {
    id: 'config.production',
    asks: 'Is everything off that is for tests only?',
    look: async (scene) => {
      if (scene.values.profile !== 'production') return skipped('the profile is harness, where tests may set them');
      const left = problemsOf(scene, 'test_only');
      if (left.length === 0) return pass('no test-only setting is on');
      return fail(listed(left), 'Remove the setting, or set profile=harness where no real training run depends on it.');
    },
  },
  { id: 'config.flags', asks: 'Is nothing on that weakens the host?', look: lookAtFlags },
];

/** Flags that weaken something end by themselves. One that is on is meant, and worth a reminder; one past its end stops a start. */
async function lookAtFlags(scene: Scene) {
  const nowMs = scene.nowMs();
  try {
    const ending = new FeatureFlags(scene.values, nowMs).views(nowMs).filter(({ endsAtMs }) => endsAtMs !== null);
    if (ending.length === 0) return pass('none is on');
    // Those of tests only have a finding of their own.
    const left = new Set(problemsOf(scene, 'test_only').map(({ key }) => key));
    const meant = ending.filter(({ key }) => !left.has(key));
    if (meant.length === 0) return pass('none but those that production refuses');
    const saw = meant.map(({ id, key, means }) => `${id} (${key}): ${means}`).join('; ');
    return warn(saw, 'Turn it off when it is not needed any more; it ends by itself at flags.until.');
  } catch (cause) {
    if (codeOf(cause) === 'CONFIG_INVALID') return failFrom(cause);
    throw cause;
  }
}

import type { HistoryEntry } from '@esper/registry';
import { readPolicyHistory } from '@esper/registry/node';
import { storeFolderOf } from '../adapters/policy-store-open.js';
import { loadConfig } from './load-config.js';
import { EXIT } from './output.js';
import type { CommandContext } from './program.js';
import { wholeNumber } from './whole-number.js';

const SHORT = 12;
const ENTRIES_MAX = 1_000_000;

/** `tamiyo policy history`: may be asked while a host holds the store. */
export async function showHistory(context: CommandContext, options: { readonly last?: string }): Promise<number> {
  const config = await loadConfig(context);
  const { entries, state, tornBytes } = await readPolicyHistory(storeFolderOf(config));
  const count =
    options.last === undefined ? entries.length : wholeNumber('--last', options.last, { least: 1, most: ENTRIES_MAX });
  const shown = entries.slice(-count);
  const { output } = context;
  const { active, lastGood, versionMax, headHash } = state;
  const standings = Object.fromEntries(state.standings);
  output.object({ active, lastGood, versionMax, headHash, chain: 'whole', tornBytes, standings, entries: shown });
  for (const entry of shown) output.line(lineOf(entry));
  output.line(
    entries.length === 0 ? 'no policy was ever staged here' : `${entries.length} entries, the chain is whole`,
  );
  output.line(`in force        ${active?.slice(0, SHORT) ?? 'none'}`);
  output.line(`last known good ${lastGood?.slice(0, SHORT) ?? 'none'}`);
  return EXIT.ok;
}

const lineOf = ({ atMs, action, digest, policyVersion, who, why, downgrade }: HistoryEntry): string =>
  `${new Date(atMs).toISOString()}  ${action.padEnd(9)} ${digest.slice(0, SHORT)} v${policyVersion}${downgrade ? ' (older)' : ''}  ${who}: ${why}`;

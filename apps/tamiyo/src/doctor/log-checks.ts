import { dumpWal, type LockHolder } from '@esper/wal';
import { damageText, verdictOf } from '../cli/wal-report.js';
import { type Check, type Finding, fail, pass, skipped, warn } from './check.js';
import { LOG_FOLDERS, type LogFolder, type Scene } from './scene.js';

/** How far the clock may be behind what was already written: clocks are corrected by less while they run. */
const BACK_MS_MAX = 2_000;
/** How far both clocks of the process may drift apart while the doctor looks. */
const JUMP_MS_MAX = 250;
const DAMAGES_TOLD_MAX = 5;

/** What a host has written, and who writes. */
export const LOG_CHECKS: readonly Check[] = [
  { id: 'log.lock', asks: 'Is the log free to be taken?', look: lookAtLocks },
  { id: 'log.whole', asks: 'Is every acknowledged record there?', look: lookAtRecords },
  { id: 'clock.forward', asks: 'Has the clock not stepped back?', look: lookAtClock },
];

async function lookAtLocks(scene: Scene): Promise<Finding> {
  const held: string[] = [];
  for (const name of LOG_FOLDERS) {
    const holder = await scene.holder(name);
    if (holder !== undefined && holder.state !== 'dead') held.push(`${scene.pathOf(name)} is held by ${named(holder)}`);
  }
  if (held.length === 0) return pass('nobody holds it');
  return warn(
    held.join('; '),
    'If that is your host, all is well. Else stop it, or give this host a data folder of its own; never remove the lock file.',
  );
}

/** The holder in words; what it wrote into its lock is data, and may be anything. */
function named({ identity, state }: LockHolder): string {
  const where = state === 'unknown' ? ' (on another machine, as far as can be told)' : '';
  const pid = /"pid":(\d+)/.exec(identity)?.[1];
  return pid === undefined ? `${JSON.stringify(identity.slice(0, 80))}${where}` : `process ${pid}${where}`;
}

async function lookAtRecords(scene: Scene): Promise<Finding> {
  if (await scene.isWithoutFolder(scene.pathOf('log'))) return skipped('there is no data folder');
  const seen: Seen = { records: 0, damages: [], torn: [] };
  for (const name of LOG_FOLDERS) await readLog(scene, name, seen);
  const { records, damages, torn } = seen;
  if (damages.length > 0) {
    const more = damages.length > DAMAGES_TOLD_MAX ? `; and ${damages.length - DAMAGES_TOLD_MAX} more` : '';
    return fail(
      `${damages.slice(0, DAMAGES_TOLD_MAX).join('; ')}${more}`,
      'tamiyo wal repair --dry-run --log FOLDER says what can be saved; tamiyo wal restore puts a backup in place.',
    );
  }
  if (torn.length > 0) {
    return warn(
      torn.join('; '),
      'Nothing that was acknowledged is lost: the next start cuts it off and keeps a copy. Find out what ended the host.',
    );
  }
  return records === 0 ? skipped('nothing has been written yet') : pass(`${records} records are whole`);
}

interface Seen {
  records: number;
  readonly damages: string[];
  readonly torn: string[];
}

async function readLog(scene: Scene, name: LogFolder, seen: Seen): Promise<void> {
  const holder = await scene.holder(name);
  const report = await scene.report(name);
  if (report === undefined) return;
  seen.records += report.records;
  const verdict = verdictOf(report);
  if (verdict === 'damaged') seen.damages.push(...report.damages.map((damage) => `${name}/${damageText(damage)}`));
  // A log that is being written to ends in a write that is under way.
  const isWritten = holder !== undefined && holder.state !== 'dead';
  if (verdict === 'torn' && !isWritten) seen.torn.push(`${name}: ${report.tornBytes} bytes of a write never finished`);
}

interface Dated {
  readonly what: string;
  readonly atMs: number;
}

/** Against every date that this machine is known to have reached, and against the time that passes meanwhile. */
async function lookAtClock(scene: Scene): Promise<Finding> {
  const latest = (await knownDates(scene)).reduce((a, b) => (b.atMs > a.atMs ? b : a), NEVER);
  const { clock } = scene.setup.ports;
  const nowMs = clock.wallMs();
  if (latest.atMs - nowMs > BACK_MS_MAX) {
    return fail(
      `the clock says ${iso(nowMs)}, and ${latest.what} is dated ${iso(latest.atMs)}: ${seconds(latest.atMs - nowMs)} ahead`,
      'Correct the clock (timedatectl, chronyc tracking) before the host starts: commands of a clock that is behind are refused as stale.',
    );
  }
  const { startedAt } = scene;
  const jumpedMs = nowMs - startedAt.wallMs - (clock.monoMs() - startedAt.monoMs);
  if (Math.abs(jumpedMs) > JUMP_MS_MAX) {
    return fail(
      `the clock jumped by ${seconds(jumpedMs)} while the doctor looked`,
      'Let the time service finish, and make it slew instead of step (chrony: makestep only at the start).',
    );
  }
  return latest === NEVER
    ? skipped('nothing dated to compare with')
    : pass(`after ${latest.what}, ${iso(latest.atMs)}`);
}

const NEVER: Dated = { what: '', atMs: 0 };
const iso = (ms: number): string => new Date(ms).toISOString();
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

async function knownDates(scene: Scene): Promise<readonly Dated[]> {
  const dates: Dated[] = [];
  for (const name of LOG_FOLDERS) {
    const atMs = await lastRecordMs(scene, name);
    if (atMs !== undefined) dates.push({ what: `the last record of ${name}`, atMs });
  }
  // Keys or a policy that cannot be read have findings of their own; here they are only no evidence.
  const policy = await scene.policy().catch(() => undefined);
  if (policy?.ok === true) dates.push({ what: 'the policy', atMs: policy.value.bundle.manifest.createdAtMs });
  return dates;
}

/** When the last record that says so was written. */
async function lastRecordMs(scene: Scene, name: LogFolder): Promise<number | undefined> {
  const report = await scene.report(name);
  if (report === undefined || report.records === 0) return undefined;
  const { disk, clock } = scene.setup.ports;
  const tail = dumpWal(
    { disk, clock, directory: scene.pathOf(name) },
    { fromSequence: report.lastSequence, onDamage: () => undefined },
  );
  let atMs: number | undefined;
  for await (const { issuedAtMs } of tail) atMs = issuedAtMs ?? atMs;
  return atMs;
}

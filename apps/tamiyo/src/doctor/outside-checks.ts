import { type Check, codeOf, type Finding, fail, pass, skipped, warn } from './check.js';
import type { Listening } from './ports.js';
import type { Scene } from './scene.js';

/** What a host needs from the machine around it. */
export const OUTSIDE_CHECKS: readonly Check[] = [
  { id: 'runtime.load', asks: 'Does the inference runtime load?', look: loadRuntime },
  { id: 'net.port', asks: 'Is the TCP port free?', look: tryPort },
  { id: 'net.socket', asks: 'Is the Unix socket free?', look: trySocket },
  { id: 'bus.redis', asks: 'Does Redis answer, and keep what it answers?', look: askRedis },
];

async function loadRuntime({ setup }: Scene): Promise<Finding> {
  try {
    return pass(await setup.ports.loadRuntime());
  } catch (cause) {
    return fail(
      `the inference runtime does not load: ${reasonOf(cause)}`,
      'Install the dependencies again on this machine: the package holds a library for one system and processor.',
    );
  }
}

async function tryPort(scene: Scene): Promise<Finding> {
  const { 'http.host': host, 'http.port': port } = scene.values;
  if (host === 'off') return skipped('there is no TCP address');
  if (port === 0) return skipped('any free port is taken');
  const next = 'Stop the process that listens there (ss -ltnp shows it), or take another port with http.port.';
  return tryListening(scene, { where: { host, port }, named: `${host}:${port}`, next });
}

async function trySocket(scene: Scene): Promise<Finding> {
  const path = scene.values['http.socket'];
  if (path === '') return skipped('there is no socket path');
  const next = 'Stop the process that listens there, or name another path with http.socket.';
  return tryListening(scene, { where: { path }, named: path, next });
}

interface Address {
  readonly where: Listening;
  readonly named: string;
  readonly next: string;
}

async function tryListening(scene: Scene, { where, named, next }: Address): Promise<Finding> {
  try {
    await scene.setup.ports.tryListening(where);
    return pass(`${named} is free`);
  } catch (cause) {
    if (codeOf(cause) !== 'EADDRINUSE') return fail(`cannot listen on ${named}: ${reasonOf(cause)}`, next);
    // While a host holds the log, it is most likely the one that listens.
    if (await scene.isHeld()) return warn(`${named} is in use, and a host runs on this data folder`, next);
    return fail(`${named} is in use`, next);
  }
}

async function askRedis({ setup }: Scene): Promise<Finding> {
  const url = setup.environment['REDIS_URL'] ?? '';
  if (url === '') return skipped('no REDIS_URL is set: the bus lies in the data folder');
  try {
    const losses = await setup.ports.redisLosses(url);
    if (losses === '') return pass('it answers, and keeps what it has answered');
    return warn(`Redis ${losses}`, 'Run it with appendonly yes and appendfsync always.');
  } catch (cause) {
    return fail(
      `Redis cannot be reached: ${reasonOf(cause)}`,
      'Check that it runs and that REDIS_URL names its host, port and password; or unset REDIS_URL for the bus in the data folder.',
    );
  }
}

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause)).slice(0, 400);

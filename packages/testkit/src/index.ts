export { buildBlueprint, buildCommand, buildDraft, buildPacket, buildReport, buildSeed } from './builders.js';
export { FakeClock } from './fake-clock.js';
export { FakeTimers, settle } from './fake-timers.js';
export { type ProgramRun, runReadmeExample } from './readme-example.js';
export { hasRedis, type RedisServer, type RedisServerOptions, startRedis } from './redis-server.js';
export { SeededRandom } from './seeded-random.js';
export { tempFolder } from './temp-folder.js';

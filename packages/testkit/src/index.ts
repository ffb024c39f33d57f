export { FakeClock } from './fake-clock.js';
export { SeededRandom } from './seeded-random.js';
export { tempFolder } from './temp-folder.js';

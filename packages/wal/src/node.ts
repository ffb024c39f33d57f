export { nodeDisk, nodeRandom } from './adapters/node-disk.js';

import { createInterface } from 'node:readline';
import { peersFrom } from './peers.ts';
import { recordSum } from './rot-readers.ts';
import { ROT_STORES } from './rot-stores.ts';

/**
 * Reads one folder for each line of stdin and answers with one line of JSON: what was found, or that the store refused.
 * Arguments: the store's name, the folder of the peers.
 */
const [name = '', peersFolder = ''] = process.argv.slice(2);
peersFrom(peersFolder);
const store = ROT_STORES.find((one) => one.name === name);
if (store === undefined) throw new Error(`no store named ${name}`);

for await (const folder of createInterface({ input: process.stdin })) {
  try {
    const { found, told } = await store.read(folder);
    const sums = Object.fromEntries([...found].map(([at, record]) => [at, recordSum(record)]));
    process.stdout.write(`${JSON.stringify({ sums, told })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ refused: String(error) })}\n`);
  }
}

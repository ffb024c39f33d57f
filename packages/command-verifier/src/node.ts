export { ed25519PrivateKey, ed25519PublicKey } from './adapters/ed25519-key.js';
export { type HmacKeyOptions, hmacKey, SECRET_BYTES_MIN } from './adapters/hmac-key.js';
export {
  createKeyFolder,
  loadKeyFolder,
  type NewKey,
  promoteKeyInFolder,
  stageKey,
} from './adapters/key-folder.js';
export { randomHashSeed, randomIds } from './adapters/random-ids.js';
export { textDigest } from './adapters/text-digest.js';
export { openWatermarkFile, type WatermarkFile, type WatermarkFileOptions } from './adapters/watermark-file.js';

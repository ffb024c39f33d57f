export {
  type Chance,
  CrashDisk,
  type CrashDiskOptions,
  type DiskCall,
  type Fault,
  SECTOR_BYTES,
} from './testing/crash-disk.js';
export { type DiskUnderTest, diskContract, type RegisterCase } from './testing/disk-contract.js';
export { type DiskImage, MemoryDisk, systemError } from './testing/memory-disk.js';
export { type RotKind, type RotSite, rot } from './testing/rot.js';

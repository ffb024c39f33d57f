export { type LedgerCase, ledgerContract } from './testing/ledger-contract.js';
export { MemoryLedger } from './testing/memory-ledger.js';

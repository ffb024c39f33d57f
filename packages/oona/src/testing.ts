export { type BusContractPorts, busContract, type ContractCase, contractEnvelope } from './testing/bus-contract.js';
export { MemoryJournal } from './testing/memory-journal.js';

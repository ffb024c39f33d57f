import { FakeClock } from '@esper/testkit';
import { describe, it } from 'vitest';
import { ledgerContract, MemoryLedger } from '../src/testing.js';

describe('the contract of a ledger, by the pure rules', () => {
  const ledger = new MemoryLedger(new FakeClock());
  it.each(ledgerContract)('$name', ({ name, run }) => run(ledger, name));
});

import { describe, expect, it } from 'vitest';
import { fillCatalogue, idsOf, parseCatalogue, proofs, traceReport } from '../trace/catalogue.ts';

const PAGE = `# Requirements

| id | requirement | state | proven by |
|---|---|---|---|
| TM-05 | A late inference is a CRITICAL event. | open |  |
| D-11b | A failed append. | open | \`old.test.ts\` |
| P-D16 | Presence is not value. | open |  |
| G-22 | The learning loop. | out: it belongs to Simic |  |
`;

describe('trace', () => {
  it('reads the ids of a title, and none from a title that claims more than two', () => {
    expect(idsOf('TM-05: a late inference')).toEqual(['TM-05']);
    expect(idsOf('D-11b and P-D16, W-D-27')).toEqual([]);
    expect(idsOf('P-D16: presence; W-D-27')).toEqual(['P-D16', 'W-D-27']);
    expect(idsOf('FR-05 FR-05')).toEqual(['FR-05']);
    expect(idsOf('SHA-256 of UTF-8 bytes, RFC-4231')).toEqual([]);
  });

  it('fills the page from passing tests only, and keeps what is out', () => {
    const proven = proofs([
      { title: 'TM-05: late', file: 'b.test.ts', passed: true },
      { title: 'TM-05: late again', file: 'a.test.ts', passed: true },
      { title: 'D-11b: disk full', file: 'c.test.ts', passed: false },
    ]);
    const filled = fillCatalogue(PAGE, proven);
    expect(filled).toContain('| TM-05 | A late inference is a CRITICAL event. | proven | `a.test.ts`, `b.test.ts` |');
    expect(filled).toContain('| D-11b | A failed append. | open |  |');
    expect(filled).toContain('| G-22 | The learning loop. | out: it belongs to Simic |  |');
    expect(traceReport(parseCatalogue(filled), proven)).toEqual({ ids: 3, proven: 1, missing: ['D-11b', 'P-D16'] });
    expect(fillCatalogue(filled, proven)).toBe(filled);
  });
});

import { describe, expect, it } from 'vitest';
import { readLegacyLog, readLegacySidecar } from '../../src/index.js';

const text = new TextEncoder();
const field = (number: number, body: Uint8Array): number[] => [number * 8 + 2, body.length, ...body];

/** A report in the prototype's form; `seconds` up to 2^35 fit in five bytes. */
function frame(id: string, seconds?: number): Uint8Array {
  const varint: number[] = [];
  for (let rest = seconds ?? 0; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) {
      varint.push(rest);
      break;
    }
    varint.push((rest % 128) + 128);
  }
  const time = seconds === undefined ? [] : field(10, Uint8Array.from([8, ...varint]));
  const body = [8, 1, ...field(2, text.encode(id)), ...field(4, text.encode('run')), ...time];
  const bytes = new Uint8Array(4 + body.length);
  new DataView(bytes.buffer).setUint32(0, body.length, true);
  bytes.set(body, 4);
  return bytes;
}

const log = (...frames: readonly ArrayLike<number>[]): Uint8Array =>
  Uint8Array.from(frames.flatMap((one) => Array.from(one)));
const LATEST = 2_000_000_000_000;
const read = (bytes: Uint8Array) => {
  const { records, problems } = readLegacyLog(bytes, LATEST);
  return { ids: records.map(({ reportId }) => reportId), problems: problems.map(({ kind }) => kind) };
};

describe('the log of the prototype', () => {
  it('WA-01: gives every report with its issue time', () => {
    const { records, problems } = readLegacyLog(log(frame('a', 1000), frame('b', 2000)), LATEST);
    expect(records.map(({ reportId, issuedAtMs, offset }) => [reportId, issuedAtMs, offset])).toEqual([
      ['a', 1_000_000, 0],
      ['b', 2_000_000, frame('a', 1000).length],
    ]);
    expect(problems).toEqual([]);
  });

  it('D-08: damage in the first report loses the first report alone', () => {
    for (let at = 0; at < frame('a', 1000).length; at += 1) {
      const bytes = log(frame('a', 1000), frame('b', 2000), frame('c', 3000));
      bytes[at] = 0xff;
      expect(read(bytes).ids.slice(-2)).toEqual(['b', 'c']);
    }
  });

  it('D-08: reports appended behind a torn tail are found again', () => {
    expect(read(log(frame('a', 1), frame('x', 1).slice(0, 9), frame('b', 1)))).toEqual({
      ids: ['a', 'b'],
      problems: [expect.any(String)],
    });
  });

  it('D-09: a report without an issue time, at the epoch, or in the future is kept, undated, and named', () => {
    expect(read(log(frame('a'), frame('b', 0), frame('c', 3_000_000_000)))).toEqual({
      ids: ['a', 'b', 'c'],
      problems: ['issue_time_absent', 'issue_time_absent', 'issue_time_future'],
    });
  });

  it('a zeroed tail is damage, not a thousand empty reports, and a repeated id is named', () => {
    expect(read(log(frame('a', 1), new Uint8Array(8), frame('a', 1)))).toEqual({
      ids: ['a', 'a'],
      problems: ['empty_record', 'empty_record', 'repeated_id'],
    });
  });
});

describe('the side files of the prototype', () => {
  const sidecar = (kind: 'windows' | 'retry_index', content: string) => readLegacySidecar(kind, text.encode(content));

  it('D-12: a file that cannot be read is a problem, not an empty file', () => {
    for (const content of ['', '{', '[]', 'null', '\ufeff{}', '{}x'])
      expect(sidecar('windows', content).problems).toHaveLength(1);
    expect(readLegacySidecar('windows', Uint8Array.from([0xff])).problems).toEqual(['the file is not UTF-8']);
    expect(sidecar('windows', '{}').problems).toEqual([]);
  });

  it('D-12b: the text "false" is not true', () => {
    const { entries, problems } = sidecar('retry_index', '{"k":{"published":"false","retry_count":2}}');
    expect(entries.get('k')).toEqual({ retry_count: 2 });
    expect(problems).toEqual(["retry_index entry 'k' has invalid published"]);
  });

  it('D-12c: what is not finite is named, and a missing minimum is not 0', () => {
    const { entries, problems } = sidecar(
      'windows',
      '{"w":{"sum_loss_delta":NaN,"max_loss_delta":-Infinity,"last_reason":"NaN"}}',
    );
    expect(entries.get('w')).toEqual({ last_reason: 'NaN' });
    expect(problems).toEqual([
      "observation window 'w' has invalid sum_loss_delta",
      "observation window 'w' has invalid max_loss_delta",
    ]);
  });

  it('TA-21, RI-09: entries and fields that do not fit are named in the words of the prototype', () => {
    expect(sidecar('retry_index', '{"a":3,"b":{"retry_count":"x","next_attempt_ms":1.5}}').problems).toEqual([
      "retry_index entry 'a' is not a mapping",
      "retry_index entry 'b' has invalid retry_count",
      "retry_index entry 'b' has invalid next_attempt_ms",
    ]);
  });
});

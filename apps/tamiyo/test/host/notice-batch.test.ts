import type { TelemetryEvent } from '@esper/leyline';
import { describe, expect, it } from 'vitest';
import { noticeBatch } from '../../src/host/notice-batch.js';

const event = (description: string, level: TelemetryEvent['level'] = 'INFO'): TelemetryEvent => ({
  description,
  level,
  attributes: {},
});

function world() {
  const sent: string[][] = [];
  const work: (() => void)[] = [];
  const tell = noticeBatch(
    (events) => void sent.push(events.map(({ description }) => description)),
    (run) => void work.push(run),
  );
  const goOn = (): void => {
    for (const run of work.splice(0)) run();
  };
  return { sent, tell, goOn };
}

describe('events that are told in one go', () => {
  it('travel together: windows that close at one epoch cost one packet, not one each', () => {
    const { sent, tell, goOn } = world();
    for (const name of ['a', 'b', 'c']) tell(event(name));
    expect(sent).toEqual([]);
    goOn();
    expect(sent).toEqual([['a', 'b', 'c']]);
    tell(event('d'));
    goOn();
    expect(sent).toEqual([['a', 'b', 'c'], ['d']]);
    goOn();
    expect(sent).toHaveLength(2);
  });

  it('none waits for one of another level, CRITICAL waits for nobody, and the order of a level is kept', () => {
    const { sent, tell, goOn } = world();
    tell(event('a'));
    tell(event('b', 'ERROR'));
    tell(event('c', 'CRITICAL'));
    tell(event('d', 'ERROR'));
    goOn();
    expect(sent).toEqual([['a'], ['c'], ['b', 'd']]);
  });

  it('a packet holds so many and no more, and none is lost', () => {
    const { sent, tell, goOn } = world();
    for (let at = 0; at < 200; at += 1) tell(event(`${at}`));
    goOn();
    expect(Math.max(...sent.map((events) => events.length))).toBe(64);
    expect(sent.flat()).toEqual(Array.from({ length: 200 }, (_, at) => `${at}`));
  });
});

import { get, type IncomingMessage } from 'node:http';
import { settle } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import type { HostEvent } from '../../src/host/decision-host.js';
import { EventFeed } from '../../src/http/event-feed.js';
import { FakeHost } from '../support/fake-host.js';
import { httpFixture, READER_TOKEN } from '../support/http-fixture.js';

const failure = (trainingRunId: string, decisionId: string): HostEvent => ({
  type: 'failure',
  decisionId,
  trainingRunId,
  packetId: 'p',
  atMs: 1,
  code: 'TIMEOUT_INFERENCE',
  reason: 'timeout_inference',
  message: 'late',
});
const transition: HostEvent = {
  type: 'transition',
  trainingRunId: 'run-1',
  atMs: 2,
  event: { description: 'conservative_entered', level: 'WARNING', attributes: { reason: 'loss_spike' } },
};

interface Stream {
  readonly response: IncomingMessage;
  /** Resolves once the text so far has what is looked for. */
  until(text: string): Promise<string>;
}

function open(address: string, query = '', headers: Readonly<Record<string, string>> = {}): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const authorization = `Bearer ${READER_TOKEN}`;
    const request = get(
      `${address}/v1/events${query}`,
      { agent: false, headers: { authorization, ...headers } },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        const until = async (wanted: string): Promise<string> => {
          while (!text.includes(wanted)) {
            if (response.closed) throw new Error(`the stream ended without ${wanted}: ${text}`);
            await settle();
          }
          return text;
        };
        resolve({ response, until });
      },
    );
    request.once('error', reject);
  });
}

describe('the event stream', () => {
  it('tells decisions, failures and transitions as they happen, with ids to go on from', async () => {
    const host = new FakeHost();
    await using http = await httpFixture({}, host);
    const { response, until } = await open(http.address);
    expect(response.headers['content-type']).toBe('text/event-stream');
    await until('retry: ');
    host.tell(failure('run-1', 'd-1'));
    host.tell(transition);
    const text = await until('conservative_entered');
    expect(text).toContain('id: e1:1\nevent: failure\ndata: {"type":"failure","decisionId":"d-1"');
    expect(text).toContain('id: e1:2\nevent: transition\ndata: ');
    response.destroy();
  });

  it('of one run tells that run alone', async () => {
    const host = new FakeHost();
    await using http = await httpFixture({}, host);
    const { response, until } = await open(http.address, '?run=run-2');
    await until('retry: ');
    host.tell(failure('run-1', 'd-1'));
    host.tell(failure('run-2', 'd-2'));
    expect(await until('d-2')).not.toContain('d-1');
    response.destroy();
  });

  it('goes on from Last-Event-ID, and says when it cannot', async () => {
    const host = new FakeHost();
    await using http = await httpFixture({}, host);
    for (const id of ['d-1', 'd-2', 'd-3']) host.tell(failure('run-1', id));
    const back = await open(http.address, '', { 'last-event-id': 'e1:1' });
    const text = await back.until('d-3');
    expect(text).not.toContain('d-1');
    expect(text).not.toContain('event: gap');
    const other = await open(http.address, '', { 'last-event-id': 'another-start:7' });
    await other.until('d-3');
    expect(await other.until('event: gap')).toContain('d-1');
    for (const { response } of [back, other]) response.destroy();
  });

  it('is bounded in number; a place is free again when a reader leaves', async () => {
    await using http = await httpFixture({ streamsMax: 1 });
    const first = await open(http.address);
    await first.until('retry: ');
    const refused = await http.send('/v1/events', { token: READER_TOKEN });
    expect([refused.status, refused.json()['code']]).toEqual([503, 'STREAMS_FULL']);
    first.response.destroy();
    while ((await http.send('/metrics')).bytes.includes('tamiyo_http_event_streams 1')) await settle();
    const second = await open(http.address);
    await second.until('retry: ');
    second.response.destroy();
  });

  it('a reader that does not read is cut, and costs the others nothing', async () => {
    const host = new FakeHost();
    await using http = await httpFixture({}, host);
    const stuck = await open(http.address);
    await stuck.until('retry: ');
    stuck.response.pause();
    const healthy = await open(http.address);
    const big = 'x'.repeat(60_000);
    for (let told = 0; told < 200; told += 1) {
      host.tell({ ...failure('run-1', `d-${told}`), message: big } as HostEvent);
      await settle();
    }
    expect(await healthy.until('d-199')).toContain('d-0');
    const text = (await http.send('/metrics')).bytes.toString();
    expect(text).toContain('tamiyo_http_event_streams_cut_total 1');
    for (const { response } of [stuck, healthy]) response.destroy();
  });

  it('DP-17: ends by itself when the server stops, and does not hold it up', async () => {
    const http = await httpFixture();
    const { until } = await open(http.address);
    await until('retry: ');
    expect(await http.server.close()).toEqual({ cut: 0 });
    await until('event: closing');
  });
});

describe('the feed', () => {
  it('keeps the last events, and knows what it has forgotten', () => {
    const feed = new EventFeed('e', 2);
    for (const id of ['a', 'b', 'c']) feed.publish(failure('r', id));
    const ids = (last: string | undefined) => {
      const { kind, events } = feed.since(last);
      return [kind, ...events.map(({ number }) => number)];
    };
    expect(ids(undefined)).toEqual(['complete']);
    expect(ids('e:3')).toEqual(['complete']);
    expect(ids('e:2')).toEqual(['complete', 3]);
    expect(ids('e:1')).toEqual(['complete', 2, 3]);
    expect(ids('e:0')).toEqual(['gap', 2, 3]);
    for (const bad of ['f:2', 'e:4', 'e:x', 'e', '', 'e:-1']) expect(ids(bad), bad).toEqual(['gap', 2, 3]);
  });
});

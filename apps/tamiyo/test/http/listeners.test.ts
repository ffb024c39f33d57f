import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { toJson } from '@esper/leyline';
import { buildPacket, tempFolder } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { openTokenFolder } from '../../src/http/token-folder.js';
import { exchange, httpFixture, TRAINER_TOKEN } from '../support/http-fixture.js';

describe('where it listens', () => {
  it('a Unix socket serves the same, for its owner alone', async () => {
    const folder = await tempFolder();
    const socketPath = join(folder.path, 'tamiyo.sock');
    {
      await using http = await httpFixture({ host: 'off', socketPath });
      expect(http.server.addresses).toEqual([`unix:${socketPath}`]);
      expect((await stat(socketPath)).mode & 0o777).toBe(0o600);
      const answer = await exchange(`unix:${socketPath}`, '/v1/runs/run-1/decisions', {
        method: 'POST',
        token: TRAINER_TOKEN,
        headers: { 'content-type': 'application/json', host: 'anything' },
        body: toJson('SystemStatePacket', buildPacket()),
      });
      expect(answer.status).toBe(200);
      const bare = await exchange(`unix:${socketPath}`, '/v1/runs');
      expect(bare.status).toBe(401);
    }
    expect(await readdir(folder.path)).toEqual([]);
    await folder.remove();
  });

  it('both at once, and on IPv6', async () => {
    const folder = await tempFolder();
    const socketPath = join(folder.path, 's');
    await using http = await httpFixture({ socketPath, host: '::1' });
    expect(http.server.addresses[0]).toMatch(/^http:\/\/\[::1\]:\d+$/);
    for (const address of http.server.addresses) expect((await exchange(address, '/healthz')).status).toBe(200);
    await folder.remove();
  });

  it('a socket left by a killed host is replaced; one in use, and a file that is none, are not', async () => {
    const folder = await tempFolder();
    const path = join(folder.path, 's');
    await using http = await httpFixture({ host: 'off', socketPath: path });
    await expect(httpFixture({ host: 'off', socketPath: path })).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
    expect((await exchange(`unix:${path}`, '/healthz')).status).toBe(200);
    const file = join(folder.path, 'file');
    await writeFile(file, 'precious');
    await expect(httpFixture({ host: 'off', socketPath: file })).rejects.toMatchObject({
      code: 'LISTEN_FAILED',
      message: expect.stringContaining('no socket'),
    });
    expect(await readFile(file, 'utf8')).toBe('precious');
    void http;
  });

  it('a port in use, and no address at all, are refused with a next step, and leave nothing listening', async () => {
    const folder = await tempFolder();
    const path = join(folder.path, 's');
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(httpFixture({ port, socketPath: path })).rejects.toMatchObject({
      code: 'LISTEN_FAILED',
      message: expect.stringContaining('EADDRINUSE'),
      next: expect.stringContaining('--port'),
    });
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(httpFixture({ host: 'off' })).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
    await new Promise((resolve) => taken.close(resolve));
    await folder.remove();
  });
});

describe('the token folder', () => {
  it('is made with a token for a trainer and one for an operator, readable by the owner alone', async () => {
    const folder = await tempFolder();
    const path = join(folder.path, 'tokens');
    const first = await openTokenFolder(path);
    expect(first.made).toEqual(['trainer', 'operator']);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    const token = (await readFile(join(path, 'operator'), 'utf8')).trim();
    expect(token.length).toBeGreaterThanOrEqual(43);
    expect(first.tokens.principalOf(token)).toEqual({ name: 'operator', role: 'operator' });
    const again = await openTokenFolder(path);
    expect(again.made).toEqual([]);
    expect(again.tokens.principalOf(token)).toEqual({ name: 'operator', role: 'operator' });
    expect(again.tokens.principalOf(`${token} `)).toBeUndefined();
    await folder.remove();
  });

  it('takes a file for each holder, and refuses what is not safe, never quoting a token', async () => {
    const folder = await tempFolder();
    const path = join(folder.path, 'tokens');
    await mkdir(path);
    const token = 'a-token-of-at-least-thirty-two-characters';
    await writeFile(join(path, 'operator-alice'), `${token}\n`, { mode: 0o600 });
    expect((await openTokenFolder(path)).tokens.principalOf(token)).toEqual({
      name: 'operator-alice',
      role: 'operator',
    });
    const refused = async (message: string) => {
      const failure = await openTokenFolder(path).then(
        () => undefined,
        (cause: Error) => cause,
      );
      expect(failure).toMatchObject({ code: 'TOKENS_UNUSABLE', message: expect.stringContaining(message) });
      expect(failure?.message).not.toContain(token);
    };
    await chmod(join(path, 'operator-alice'), 0o644);
    await refused('chmod 600');
    await chmod(join(path, 'operator-alice'), 0o600);
    await writeFile(join(path, 'root'), token, { mode: 0o600 });
    await refused('named for its role');
    await writeFile(join(path, 'root'), '', { mode: 0o600 });
    await folder.remove();
  });

  it('a short token, two lines and an empty folder are refused', async () => {
    const folder = await tempFolder();
    await expect(openTokenFolder(folder.path)).rejects.toMatchObject({ code: 'TOKENS_UNUSABLE' });
    for (const text of ['short', `${'a'.repeat(40)}\n${'b'.repeat(40)}`, `${'ü'.repeat(40)}`, 'x'.repeat(5_000)]) {
      await writeFile(join(folder.path, 'trainer'), text, { mode: 0o600 });
      await expect(openTokenFolder(folder.path), text.slice(0, 10)).rejects.toMatchObject({ code: 'TOKENS_UNUSABLE' });
    }
    await folder.remove();
  });
});

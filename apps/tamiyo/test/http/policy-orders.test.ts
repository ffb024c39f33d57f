import { RegistryError } from '@esper/registry';
import { describe, expect, it } from 'vitest';
import { httpFixture, OPERATOR_TOKEN, READER_TOKEN, TRAINER_TOKEN } from '../support/http-fixture.js';

type Fixture = Awaited<ReturnType<typeof httpFixture>>;
const order = (http: Fixture, body: unknown, token = OPERATOR_TOKEN) =>
  http.send('/v1/policies/orders', {
    method: 'POST',
    token,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

describe('an order for the policies of a running host', () => {
  it('reaches the host with who held the token, who used it, and why', async () => {
    await using http = await httpFixture();
    const staged = await order(http, { kind: 'stage', bundle: '/candidate', why: 'run 41' });
    expect([staged.status, staged.json()]).toMatchObject([200, { kind: 'stage', standing: 'staged' }]);
    const from = { digest: 'abcd' };
    await order(http, { kind: 'promote', from, acceptLooser: 3, shadowDecisions: 9, who: 'Ada', why: 'better' });
    await order(http, { kind: 'roll_back', why: 'a mistake' });
    expect(http.host.policyOrders).toEqual([
      { kind: 'stage', bundle: '/candidate', who: 'operator-alice', why: 'run 41' },
      { kind: 'promote', from, acceptLooserMax: 3, shadowDecisions: 9, who: 'Ada (operator-alice)', why: 'better' },
      { kind: 'roll_back', who: 'operator-alice', why: 'a mistake' },
    ]);
  });

  it('is an operator\u2019s alone: every other token, and none, is turned away before the host hears of it', async () => {
    await using http = await httpFixture();
    const body = { kind: 'roll_back', why: 'x' };
    for (const token of [TRAINER_TOKEN, READER_TOKEN])
      expect((await order(http, body, token)).json()).toMatchObject({ status: 403, code: 'ROLE_MISSING' });
    expect((await order(http, body, 'w'.repeat(40))).json()).toMatchObject({ status: 401, code: 'TOKEN_INVALID' });
    expect(http.host.policyOrders).toEqual([]);
  });

  it.each([
    { kind: 'stage', bundle: 'candidate', why: 'x' },
    { kind: 'stage', bundle: '/candidate' },
    { kind: 'promote', from: { bundle: '/a', digest: 'abcd' }, why: 'x' },
    { kind: 'promote', from: { digest: 'ABCD' }, why: 'x' },
    { kind: 'promote', from: { digest: 'abcd' }, acceptLooser: -1, why: 'x' },
    { kind: 'roll_back', why: 'x', downgrade: true },
    { kind: 'remove', why: 'x' },
  ])('is refused as a whole when a field is not what it should be: %j', async (body) => {
    await using http = await httpFixture();
    expect((await order(http, body)).json()).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
    expect(http.host.policyOrders).toEqual([]);
  });

  it('RG-10: what refuses it comes back with the code, the words and the next step of the registry', async () => {
    await using http = await httpFixture();
    const refusal = new RegistryError('TABLE_MISMATCH', 'table seed: 4 entries expected, 5 found');
    http.host.refusingPolicy = refusal;
    expect((await order(http, { kind: 'roll_back', why: 'x' })).json()).toMatchObject({
      status: 422,
      code: 'TABLE_MISMATCH',
      detail: refusal.message,
      next: refusal.next,
    });
  });
});

import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { API_ROUTES, apiRoutes } from '../../src/http/api-routes.js';
import { problemStatuses } from '../../src/http/problem.js';
import { httpFixture } from '../support/http-fixture.js';

interface Operation {
  readonly operationId: string;
  readonly security: readonly unknown[];
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
}

async function served(): Promise<Document> {
  await using http = await httpFixture();
  const answer = await http.send('/openapi.json');
  expect(answer.headers['content-type']).toBe('application/json');
  return answer.json() as unknown as Document;
}

/** Every `$ref` of a document. */
const referencesIn = (node: unknown): readonly string[] =>
  typeof node !== 'object' || node === null
    ? []
    : Object.entries(node).flatMap(([key, value]) =>
        key === '$ref' && typeof value === 'string' ? [value] : referencesIn(value),
      );

describe('the OpenAPI document', () => {
  it('has every route of the table and no other, each with its token and its codes', async () => {
    const document = await served();
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => [method.toUpperCase(), path, operation] as const),
    );
    expect(document.openapi).toBe('3.1.0');
    expect(operations.map(([method, path, { operationId }]) => [method, path, operationId])).toEqual(
      apiRoutes().map(([id, { method, path }]) => [method, path, id]),
    );
    for (const [, path, { operationId, security, responses }] of operations) {
      const route = API_ROUTES[operationId as keyof typeof API_ROUTES];
      expect(security.length, path).toBe(route.permission === 'open' ? 0 : 1);
      const named = Object.values(responses).flatMap(({ description }) => description.split(', '));
      for (const code of route.codes) expect(named, `${path} ${code}`).toContain(code);
    }
  });

  it('names every parameter of a path, and refers to nothing that is not there', async () => {
    const document = await served();
    for (const [path, methods] of Object.entries(document.paths)) {
      const inPath = [...path.matchAll(/\{([a-z]+)\}/g)].map((match) => match[1]);
      for (const { parameters } of Object.values(methods))
        expect(parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name)).toEqual(inPath);
    }
    const known = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
    expect(known).toEqual(expect.arrayContaining([...new Set(referencesIn(document))]));
  });

  it('describes packets and orders so that a generator can build them', async () => {
    const document = await served();
    const packet = document.components.schemas['SystemStatePacket'] as { readonly required: readonly string[] };
    expect(packet.required).toEqual(expect.arrayContaining(['packetId', 'trainingRunId', 'seedStates']));
    // The schemas are JSON Schema: zod reads them back and accepts what it should.
    const order = document.paths['/v1/runs/{run}/orders']?.['post'] as unknown as {
      readonly requestBody: {
        readonly content: Readonly<Record<string, { readonly schema: z.core.JSONSchema.JSONSchema }>>;
      };
    };
    const schema = z.fromJSONSchema(order.requestBody.content['application/json']?.schema ?? false);
    expect(schema.safeParse({ kind: 'hold', why: 'x', forMs: 5 }).success).toBe(true);
    expect(schema.safeParse({ kind: 'hold', why: 'x' }).success).toBe(false);
  });

  it('lists only codes that have a status', () => {
    const known = problemStatuses().map(([code]) => code);
    for (const [id, { codes }] of apiRoutes()) for (const code of codes) expect(known, `${id} ${code}`).toContain(code);
  });
});

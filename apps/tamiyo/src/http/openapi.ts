import { jsonSchemaOf } from '@esper/leyline';
import { z } from 'zod';
import { type ApiRoute, apiRoutes, type Content } from './api-routes.js';
import { PROBLEM } from './api-schemas.js';
import { PROBLEM_MEDIA_TYPE, problemStatuses } from './problem.js';

type Json = Readonly<Record<string, unknown>>;

/** Codes that any route can answer with; those with a token in the second list. */
const CODES_OF_ALL = ['REQUEST_INVALID', 'REQUEST_TIMEOUT', 'HOST_REFUSED', 'RATE_LIMITED', 'INTERNAL'] as const;
const CODES_WITH_TOKEN = ['TOKEN_MISSING', 'TOKEN_INVALID', 'ROLE_MISSING', 'TOO_BUSY', 'SHUTTING_DOWN'] as const;

/** The OpenAPI 3.1 document of the interface, made from the table of routes and the schemas that also check the requests. */
export function openApiDocument(version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const [operationId, route] of apiRoutes()) {
    const path = paths[route.path] ?? {};
    paths[route.path] = path;
    path[route.method.toLowerCase()] = operationOf(operationId, route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tamiyo',
      version,
      description: 'One strict, signed, recorded decision per training step. docs/http-api.md says how to use it.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { SystemStatePacket: jsonSchemaOf('SystemStatePacket'), Problem: schemaOf(PROBLEM) },
    },
  };
}

function operationOf(operationId: string, route: ApiRoute): Json {
  return {
    operationId,
    summary: route.summary,
    security: route.permission === 'open' ? [] : [{ token: [] }],
    'x-permission': route.permission,
    parameters: [
      ...parametersIn('path', fieldsOf(route.parameters)),
      ...parametersIn('query', fieldsOf(route.query)),
      ...parametersIn('header', route.headers ?? {}),
    ],
    ...(route.body === undefined ? {} : { requestBody: { required: true, content: contentOf(route.body) } }),
    responses: { ...answersOf(route), ...problemsOf(route) },
  };
}

const fieldsOf = (schema: z.ZodObject | undefined): Readonly<Record<string, z.ZodType>> =>
  (schema?.shape ?? {}) as Readonly<Record<string, z.ZodType>>;

const parametersIn = (place: 'path' | 'query' | 'header', fields: Readonly<Record<string, z.ZodType>>): Json[] =>
  Object.entries(fields).map(([name, field]) => {
    const { description, ...schema } = schemaOf(field);
    const required = place === 'path';
    return { name, in: place, required, schema, ...(description === undefined ? {} : { description }) };
  });

const answersOf = (route: ApiRoute): Json =>
  Object.fromEntries(
    route.answers.map(({ status, says, content, headers }) => [
      status,
      {
        description: says,
        content: contentOf(content),
        ...(headers === undefined
          ? {}
          : {
              headers: Object.fromEntries(
                Object.entries(headers).map(([name, description]) => [
                  name,
                  { description, schema: { type: 'string' } },
                ]),
              ),
            }),
      },
    ]),
  );

/** One response per status, naming the codes that share it. */
function problemsOf(route: ApiRoute): Json {
  const codes = new Set<string>([
    ...CODES_OF_ALL,
    ...(route.permission === 'open' ? [] : CODES_WITH_TOKEN),
    ...route.codes,
  ]);
  const taken = new Set(route.answers.map(({ status }) => status));
  const byStatus = new Map<number, string[]>();
  for (const [code, status] of problemStatuses()) {
    if (codes.has(code) && !taken.has(status)) byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, named]) => [
      status,
      {
        description: named.join(', '),
        content: { [PROBLEM_MEDIA_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  );
}

const contentOf = (content: Readonly<Record<string, Content>>): Json =>
  Object.fromEntries(Object.entries(content).map(([mediaType, kind]) => [mediaType, { schema: contentSchema(kind) }]));

function contentSchema(kind: Content): Json {
  switch (kind) {
    case 'SystemStatePacket':
      return { $ref: '#/components/schemas/SystemStatePacket' };
    case 'bytes':
      return { type: 'string', format: 'binary' };
    case 'text':
      return { type: 'string' };
    case 'document':
      return { type: 'object' };
    default:
      return schemaOf(kind);
  }
}

function schemaOf(schema: z.ZodType): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
}

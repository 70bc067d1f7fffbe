import { replayedHeader } from '../../idempotency/idempotency.interceptor.ts';
import type { ContractExamples } from '../schemas/contract-examples.ts';
import type { JsonSchema, JsonSchemas } from '../schemas/json-schemas.ts';
import type { DescribedRoute } from './described-routes.ts';

/** Every success of a route, by status. */
export function successResponses(
  route: DescribedRoute,
  schemas: JsonSchemas,
  examples: ContractExamples,
): Record<string, object> {
  const { status = 200, also = {} } = route.description ?? {};
  const content = contentOfSuccess(route, schemas, examples);
  const response = (code: number, description: string) => ({
    description,
    ...responseHeaders(route, code),
    ...(code < 300 && code !== 204 && content),
  });
  return {
    [status]: response(status, descriptions[status] ?? 'OK'),
    ...Object.fromEntries(Object.entries(also).map(([code, meaning]) => [code, response(Number(code), meaning)])),
  };
}

const descriptions: Record<number, string> = { 201: 'Created', 202: 'Accepted', 204: 'Done', 302: 'Leads on' };

/** Of whoever has a credential. */
export const rateLimitHeaders = {
  'ratelimit-policy': text(
    'How many requests may be sent, such as `"key";q=12000;w=60`. Not sent where nothing is limited.',
  ),
  ratelimit: text('How many are left, and for how many seconds, such as `"key";r=11999;t=60`.'),
};

function responseHeaders({ rule, takesKey, description }: DescribedRoute, status: number): object {
  const headers = {
    ...(status >= 300 && status < 400 && status !== 304 && { location: text('Where it leads.', true) }),
    ...Object.fromEntries(Object.entries(description?.headers ?? {}).map(([name, meaning]) => [name, text(meaning)])),
    ...(takesKey && {
      [replayedHeader]: {
        description: 'This is the answer that an earlier request with the same `Idempotency-Key` got.',
        schema: { const: 'true' },
      },
    }),
    ...(rule && rule.access !== 'public' && rateLimitHeaders),
  };
  return Object.keys(headers).length === 0 ? {} : { headers };
}

function contentOfSuccess(
  { description = { summary: '' }, contentType }: DescribedRoute,
  schemas: JsonSchemas,
  examples: ContractExamples,
): { content?: Record<string, object> } {
  const { response, responseExample, responseYaml, responseTypes = [] } = description;
  const types = [...(contentType === undefined ? [] : [mediaType(contentType)]), ...responseTypes];
  const content = {
    ...(response && {
      'application/json': media(schemas.of(response, 'output'), responseExample ?? examples.of(response)),
    }),
    ...(responseYaml !== undefined && { 'application/yaml': media({ type: 'string' }, responseYaml) }),
    ...contentOfTypes(types),
  };
  return Object.keys(content).length === 0 ? {} : { content };
}

/** Of what is no JSON, or JSON whose schema is a standard of its own. */
export function contentOfTypes(types: readonly string[]): Record<string, object> {
  return Object.fromEntries(types.map((type) => [type, { schema: { type: textOrObject(type) } }]));
}

/** A part of a request or of an answer. */
export function media(schema: JsonSchema, example: unknown): object {
  return { schema, ...(example !== undefined && { example }) };
}

function textOrObject(contentType: string): 'object' | 'string' {
  return /json|form/.test(contentType) ? 'object' : 'string';
}

/** Without its parameters: `text/html; charset=utf-8` is `text/html`. */
function mediaType(contentType: string): string {
  return contentType.replace(/;.*/, '');
}

function text(description: string, required = false): object {
  return { description, ...(required && { required }), schema: { type: 'string' } };
}

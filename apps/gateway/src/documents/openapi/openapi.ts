import { z } from 'zod';
import { isForKeys, leastRole } from '../../access/rules.ts';
import { roles, scopes } from '../../access/scopes.ts';
import type { RouteDescription } from '../../http/describe.ts';
import { keptHours } from '../../idempotency/kept-answers.ts';
import type { ContractExamples } from '../schemas/contract-examples.ts';
import { JsonSchemas, type JsonSchema } from '../schemas/json-schemas.ts';
import type { DescribedRoute } from './described-routes.ts';
import { operations } from './operations.ts';
import { pathParameters } from './path-parameters.ts';
import { operationProblems, problemResponses, problemSchema } from './problem-responses.ts';
import { contentOfTypes, media, successResponses } from './success-responses.ts';
import { tags } from './tags.ts';
import { webhooks } from './webhooks.ts';

/**
 * The REST API as OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.1). What a route does not say of itself is left out
 * rather than stopping the service; a test sees to it that every route says everything.
 * @param version of the API
 */
export function openApi(routes: readonly DescribedRoute[], examples: ContractExamples, version: string) {
  const schemas = new JsonSchemas('draft-2020-12');
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method] = operationOf(route, schemas, examples);
  for (const [path, operation] of Object.entries(operations)) paths[path] = { get: unguarded(path, operation) };

  return schemas.finish({
    openapi: '3.1.1',
    info: {
      title: 'Carillon',
      version,
      summary: 'Notifications for every channel, from one event.',
      description: introduction,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'This installation' }],
    tags: tagsOf(routes),
    paths,
    webhooks: webhooks(schemas),
    components: {
      securitySchemes: {
        api_key: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'ck_…',
          description: `An API key, for your servers and admins. Its scopes: ${scopes.map((scope) => `\`${scope}\``).join(', ')}; \`admin\` includes the others.`,
        },
        recipient_token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'A short-lived token of one recipient, for client apps; see `POST /v1/recipients/{id}/tokens`.',
        },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'carillon_session',
          description: `The session of a member who has signed in to the console, with the least role that the route needs: ${roles.map((role) => `\`${role}\``).join(', ')}, each of which may do what those before it may. Requests that change something carry the header \`X-CSRF-Token\` too.`,
        },
      },
      schemas: { Problem: problemSchema },
    },
  });
}

const introduction = `A domain service says what happened; Carillon decides who should hear of it, on which channels, when and in
which words, delivers it, and can say afterwards why a person did or did not get it.

- Names are in \`snake_case\`, ids are UUIDs, times are RFC 3339 in UTC. Unknown fields are refused.
- Lists answer \`{ "data": […], "next_cursor": … }\`; give \`next_cursor\` as \`?cursor=\` for the next page.
- Errors are problem details (RFC 9457) with a stable \`code\`.
- Every POST with an \`Idempotency-Key\` can be sent again without being carried out twice.
- \`RateLimit-Policy\` and \`RateLimit\` tell how many requests are left, 429 with \`Retry-After\` when there is none.
- Pages of the origins that a tenant allows (\`PUT /v1/admin/origins\`) may use in a browser what recipient tokens open, and nothing else.

The same front door is open over RabbitMQ: see the [AsyncAPI document](/asyncapi.json).`;

function operationOf(route: DescribedRoute, schemas: JsonSchemas, examples: ContractExamples): object {
  const { method, path, tag, operationId, description = { summary: `${method.toUpperCase()} ${path}` } } = route;
  const parameters = [
    ...pathParameters(path),
    ...queryParameters(description.query, schemas),
    ...Object.entries(description.requestHeaders ?? {}).map(([name, meaning]) => headerParameter(name, meaning)),
    ...(route.takesKey ? [idempotencyKeyParameter] : []),
  ];
  const requestBody = bodyOf(description, schemas, examples);

  return {
    operationId,
    tags: [tag],
    summary: description.summary,
    ...(description.description !== undefined && { description: description.description }),
    security: securityOf(route),
    ...(parameters.length > 0 && { parameters }),
    ...(requestBody && { requestBody }),
    responses: { ...successResponses(route, schemas, examples), ...problemResponses(route) },
  };
}

/** Without a schema where the body is of a kind that a standard describes. */
function bodyOf(
  { body, bodyExample, bodyYaml, bodyTypes = [] }: RouteDescription,
  schemas: JsonSchemas,
  examples: ContractExamples,
): object | undefined {
  if (!body) return bodyTypes.length === 0 ? undefined : { required: true, content: contentOfTypes(bodyTypes) };
  const json = media(schemas.of(body, 'input'), bodyExample ?? examples.of(body));
  const others = Object.fromEntries(bodyTypes.map((type) => [type, json]));
  const yaml = bodyYaml !== undefined && { 'application/yaml': media({ type: 'string' }, bodyYaml) };
  return { required: true, content: { 'application/json': json, ...others, ...yaml } };
}

function headerParameter(name: string, description: string, schema: JsonSchema = { type: 'string' }): object {
  return { name, in: 'header', required: false, description, schema };
}

const idempotencyKeyParameter = headerParameter(
  'Idempotency-Key',
  `Makes it safe to send the request again: the same one is carried out once and answered the same for ${keptHours} hours, with \`Idempotency-Replayed: true\`. 1 to 255 visible ASCII characters, such as a UUID.`,
  { type: 'string', minLength: 1, maxLength: 255 },
);

/** The described groups that have a route, in reading order, then those that nobody described. */
function tagsOf(routes: readonly DescribedRoute[]): { name: string; description?: string }[] {
  const used = new Set(routes.map(({ tag }) => tag)).add('Operations');
  const described = tags.filter(({ name }) => used.delete(name));
  return [...described, ...[...used].map((name) => ({ name }))];
}

/** Any one of these opens it. For a session it names the least role, as OpenAPI 3.1 allows for every kind of scheme. */
function securityOf({ rule, method }: DescribedRoute): object[] {
  if (!rule) return [];
  const role = leastRole(rule, method);
  return [
    ...(rule.access === 'recipient' ? [{ recipient_token: [] }] : []),
    ...(isForKeys(rule) ? [{ api_key: [rule.access] }] : []),
    ...(role ? [{ session: [role] }] : []),
  ];
}

/** The members of a query's schema, each a parameter. */
function queryParameters(query: z.ZodType | undefined, schemas: JsonSchemas): object[] {
  if (!query) return [];
  const { properties = {}, required = [] } = schemas.of(query, 'input') as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    ...(description !== undefined && { description }),
    schema,
  }));
}

function unguarded(path: string, { summary, contentType, unavailable }: (typeof operations)[string]): object {
  const content = contentOfTypes([contentType]);
  return {
    operationId: `Operations_${path.split('/').at(-1)}`,
    tags: ['Operations'],
    summary,
    security: [],
    responses: {
      200: { description: 'OK', content },
      ...(unavailable && { 503: { description: unavailable, content } }),
      ...operationProblems(),
    },
  };
}

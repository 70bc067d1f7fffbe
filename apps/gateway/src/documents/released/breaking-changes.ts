import { roles } from '../../access/scopes.ts';
import { pointed, schemaChanges, type Flow, type Json } from './schema-changes.ts';

/**
 * What in an OpenAPI 3.1 document would break somebody who was made for the released one, a line each; empty if nothing.
 * Additions break nobody: routes, optional parameters and fields, members of answers, kinds of problems.
 */
export function openApiChanges(released: Json, current: Json): string[] {
  const found: string[] = [];
  for (const [path, methods] of Object.entries(released.paths as Record<string, Json>)) {
    for (const [method, operation] of Object.entries(methods)) {
      const name = `${method.toUpperCase()} ${path}`;
      const now = current.paths[path]?.[method] as Json | undefined;
      if (!now) found.push(`${name}: is gone`);
      else found.push(...operationChanges({ released, current }, operation as Json, now, name));
    }
  }
  for (const [kind, { post }] of Object.entries((released.webhooks ?? {}) as Record<string, Json>)) {
    const now = current.webhooks?.[kind]?.post as Json | undefined;
    const name = `webhook ${kind}`;
    if (!now) found.push(`${name}: is gone`);
    else {
      for (const { name: header } of (post.parameters ?? []) as Json[])
        if (!now.parameters?.some((parameter: Json) => parameter.name === header && parameter.required))
          found.push(`${name} ${header}: is no longer given`);
      found.push(...contentChanges({ released, current }, post.requestBody, now.requestBody, 'given', `${name} body`));
    }
  }
  return found;
}

/** The two documents that references point into. */
interface Documents {
  released: Json;
  current: Json;
}

function operationChanges(documents: Documents, released: Json, current: Json, name: string): string[] {
  const found: string[] = [...securityChanges(released.security, current.security, name)];
  found.push(...parameterChanges(documents, released.parameters ?? [], current.parameters ?? [], name));

  const { requestBody: taken } = current;
  if (released.requestBody && !taken) found.push(`${name} body: is no longer taken`);
  if (taken?.required && !released.requestBody?.required) found.push(`${name} body: is required now`);
  if (released.requestBody && taken)
    found.push(...contentChanges(documents, released.requestBody, taken, 'taken', `${name} body`));

  for (const [status, answer] of Object.entries(released.responses as Record<string, Json>)) {
    if (!/^[123]/.test(status)) continue;
    const now = current.responses[status] as Json | undefined;
    if (!now) found.push(`${name}: no longer answers ${status}`);
    else found.push(...contentChanges(documents, answer, now, 'given', `${name} ${status}`));
  }
  return found;
}

function parameterChanges({ released, current }: Documents, before: Json[], now: Json[], name: string): string[] {
  const found: string[] = [];
  const same = (one: Json) => (other: Json) => one.in === other.in && one.name === other.name;
  for (const parameter of before) {
    const at = `${name} ${parameter.in} ${parameter.name}`;
    const still = now.find(same(parameter));
    if (!still) found.push(`${at}: is no longer taken`);
    else {
      if (still.required && !parameter.required) found.push(`${at}: is required now`);
      const [one, other] = [parameter, still].map(({ schema }) => schema as unknown);
      found.push(
        ...schemaChanges({ schema: one, document: released }, { schema: other, document: current }, 'taken', at),
      );
    }
  }
  for (const parameter of now)
    if (parameter.required && !before.some(same(parameter)))
      found.push(`${name} ${parameter.in} ${parameter.name}: is required now`);
  return found;
}

function contentChanges({ released, current }: Documents, before: Json, now: Json, flow: Flow, name: string): string[] {
  return Object.entries((before?.content ?? {}) as Record<string, Json>).flatMap(([type, { schema }]) => {
    const still = now.content?.[type] as Json | undefined;
    if (!still) return [`${name}: ${type} is no longer ${flow}`];
    return schemaChanges({ schema, document: released }, { schema: still.schema, document: current }, flow, name);
  });
}

/** Every credential that opened a route must still open it. None at all is open to everyone. */
function securityChanges(released: Json[] = [], current: Json[] = [], name: string): string[] {
  if (current.length === 0) return [];
  if (released.length === 0) return [`${name}: needs a credential now`];
  const opened = new Map(current.flatMap((way) => Object.entries(way) as [string, string[]][]));
  return released
    .flatMap((way) => Object.entries(way) as [string, string[]][])
    .filter(([scheme, held]) => !opened.get(scheme)?.every((needed) => held.some((own) => includes(own, needed))))
    .map(([scheme, held]) => `${name}: is no longer open to ${[scheme, ...held].join(' ')}`);
}

/** Whether who has the one scope or role may do what the other allows. */
function includes(own: string, needed: string): boolean {
  const [has, least] = [own, needed].map((role) => (roles as readonly string[]).indexOf(role)) as [number, number];
  return own === needed || (own === 'admin' && needed !== 'platform') || (least >= 0 && has >= least);
}

/**
 * The same for an AsyncAPI 3.0 document. What Carillon receives must still be taken, what it sends must still be what was
 * said; what its own services tell each other is both, since old and new ones run side by side while a release is rolled out.
 */
export function asyncApiChanges(released: Json, current: Json): string[] {
  const found: string[] = [];
  for (const [name, operation] of Object.entries(released.operations as Record<string, Json>))
    if (!current.operations[name]) found.push(`${name}: Carillon does not ${operation.action} it any more`);
  for (const [id, channel] of Object.entries(released.channels as Record<string, Json>)) {
    const now = current.channels[id] as Json | undefined;
    if (!now) found.push(`${id}: is gone`);
    else found.push(...channelChanges({ released, current }, id, channel, now));
  }
  return found;
}

function channelChanges(documents: Documents, id: string, released: Json, current: Json): string[] {
  const found: string[] = [];
  for (const [what, part] of [
    ['address', (channel: Json): unknown => channel.address],
    ['exchange', (channel: Json): unknown => channel.bindings?.amqp?.exchange?.name],
    ['kind of exchange', (channel: Json): unknown => channel.bindings?.amqp?.exchange?.type],
  ] as const)
    if (part(released) !== part(current))
      found.push(`${id}: the ${what} was ${String(part(released))}, is ${String(part(current))}`);
  for (const [key, message] of Object.entries(released.messages as Record<string, Json>)) {
    const now = current.messages[key] as Json | undefined;
    const name = `${id} ${key}`;
    if (!now) {
      found.push(`${name}: is gone`);
      continue;
    }
    if (message.contentType !== now.contentType)
      found.push(`${name}: the content type was ${message.contentType}, is ${now.contentType}`);
    for (const part of ['headers', 'payload']) {
      if (message[part] === undefined && now[part] === undefined) continue;
      const [before, after] = [
        { schema: message[part] as unknown, document: documents.released },
        { schema: now[part] as unknown, document: documents.current },
      ];
      for (const flow of flowsOf(documents.released, id))
        found.push(...schemaChanges(before, after, flow, `${name} ${part} (${flow})`));
    }
  }
  return found;
}

/** Which way the messages of a channel travel. */
function flowsOf(document: Json, id: string): Flow[] {
  const actions = Object.values(document.operations as Record<string, Json>)
    .filter(({ channel }) => pointed(document, channel.$ref as string) === document.channels[id])
    .map(({ action }) => action as string);
  return [
    ...(actions.includes('receive') ? ['taken' as const] : []),
    ...(actions.includes('send') ? ['given' as const] : []),
  ];
}

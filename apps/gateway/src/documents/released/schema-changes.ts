import { isDeepStrictEqual } from 'node:util';

/** Any part of a JSON document. */
export type Json = Record<string, any>;

/** `taken`: what callers send, which must still be accepted. `given`: what they get, which must still be what was said. */
export type Flow = 'taken' | 'given';

/** A schema with the document that its references point into. */
export interface Placed {
  readonly schema: unknown;
  readonly document: Json;
}

/**
 * What a change of a JSON Schema breaks for those who rely on the former one; empty if nothing. Whatever was valid must be
 * taken; whatever is given must be valid by what was said, save that it may have more members. It errs on the side of
 * breaking where keywords that are rarely used (`not`, `patternProperties`, …) are not the same any more.
 *
 * @param at where it is, to begin each line with
 */
export function schemaChanges(released: Placed, current: Placed, flow: Flow, at: string): string[] {
  // Every value that the one allows must be allowed by the other.
  return flow === 'taken'
    ? new Comparison(flow).refusals(released, current, at)
    : new Comparison(flow).refusals(current, released, at);
}

/** Said of schemas, but nothing that a value could offend. */
const annotations = new Set([
  'title',
  'description',
  'default',
  'example',
  'examples',
  'deprecated',
  '$comment',
  'id',
  '$id',
]);

/** Keywords that are looked at one by one; all others must stay as they are. */
const understood = new Set([
  ...['type', 'enum', 'const', 'anyOf', 'oneOf', 'allOf', '$ref', 'properties', 'required', 'additionalProperties'],
  ...['items', 'prefixItems'],
]);

const lowerLimits = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'];
const upperLimits = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'];
/** What is not compared in answers: a limit that is loosened there leaves every client as it was. */
const limits = new Set([...lowerLimits, ...upperLimits, 'pattern', 'uniqueItems', 'multipleOf', 'propertyNames']);

class Comparison {
  /** Pairs of references under comparison: schemas may refer to themselves. */
  private readonly open = new Set<string>();

  constructor(private readonly flow: Flow) {}

  /** Why a value that `inner` allows might not be allowed by `outer`. */
  refusals(inner: Placed, outer: Placed, at: string): string[] {
    const pair = `${referenceOf(inner)} ${referenceOf(outer)}`;
    if (pair.includes('#')) {
      if (this.open.has(pair)) return [];
      this.open.add(pair);
      try {
        return this.refusals(resolved(inner), resolved(outer), at);
      } finally {
        this.open.delete(pair);
      }
    }
    const [one, other] = [objectOf(inner.schema), objectOf(outer.schema)];
    if (one === false) return [];
    if (other === false) return [`${at}: nothing is allowed any more`];
    return this.alternatives(inner, one, outer, other, at);
  }

  /** Each alternative of `inner` must be one of `outer`. */
  private alternatives(inner: Placed, one: Json, outer: Placed, other: Json, at: string): string[] {
    const ways = waysOf(one);
    if (ways) return unique(ways.flatMap((way) => this.refusals({ ...inner, schema: way }, outer, at)));
    const allowed = waysOf(other);
    if (!allowed) return this.parts(inner, one, outer, other, at);
    let nearest: string[] | undefined;
    for (const way of allowed) {
      const found = this.refusals(inner, { ...outer, schema: way }, at);
      if (found.length === 0) return [];
      if (!nearest || weight(found, at) < weight(nearest, at)) nearest = found;
    }
    return nearest ?? [`${at}: nothing is allowed any more`];
  }

  /** `allOf` means its parts and what stands beside it. */
  private parts(inner: Placed, one: Json, outer: Placed, other: Json, at: string): string[] {
    if (!one.allOf && !other.allOf) return this.plain(inner, one, outer, other, at);
    const [ones, others] = [partsOf(one), partsOf(other)];
    return unique(
      others.flatMap((part, index) => {
        const against = (schema: unknown) => this.refusals({ ...inner, schema }, { ...outer, schema: part }, at);
        const samePlace = ones[index] ? against(ones[index]) : undefined;
        if (samePlace?.length === 0 || ones.some((schema) => against(schema).length === 0)) return [];
        return samePlace ?? [`${at}: has a further condition`];
      }),
    );
  }

  private plain(inner: Placed, one: Json, outer: Placed, other: Json, at: string): string[] {
    const values = valuesOf(one);
    if (values) {
      const refused = values.filter((value) => !allows(other, value)).map((value) => this.refusedValue(at, value));
      return valuesOf(other) || refused.length > 0 ? refused : this.limits(one, other, at);
    }
    if ('enum' in other || 'const' in other)
      return [`${at}: ${this.flow === 'taken' ? 'only certain values are taken now' : 'may be any value now'}`];
    if (other.type !== undefined && one.type !== other.type && !(one.type === 'integer' && other.type === 'number')) {
      // Members of something else cannot be compared.
      return [
        this.flow === 'taken'
          ? `${at}: was ${typeName(one)}, takes only ${typeName(other)}`
          : `${at}: was ${typeName(other)}, may be ${typeName(one)}`,
      ];
    }
    return [
      ...this.limits(one, other, at),
      ...this.items(inner, one, outer, other, at),
      ...(this.flow === 'taken' ? this.taken(inner, one, outer, other, at) : this.given(inner, one, outer, other, at)),
    ];
  }

  private refusedValue(at: string, value: unknown): string {
    const text = JSON.stringify(value);
    return this.flow === 'taken'
      ? `${at}: the value ${text} is no longer taken`
      : `${at}: the value ${text} was not said before`;
  }

  /** Keywords that say how large, long or formed a value is. */
  private limits(one: Json, other: Json, at: string): string[] {
    const found: string[] = [];
    for (const [keyword, limit] of Object.entries(other)) {
      if (understood.has(keyword) || annotations.has(keyword) || keyword.startsWith('x-')) continue;
      if (this.flow === 'given' && limits.has(keyword)) continue;
      const before = one[keyword] as unknown;
      const within =
        lowerLimits.includes(keyword) && before !== undefined
          ? (before as number) >= limit
          : upperLimits.includes(keyword) && before !== undefined
            ? (before as number) <= limit
            : isDeepStrictEqual(before, limit);
      if (
        within ||
        (lowerLimits.includes(keyword) && keyword !== 'minimum' && keyword !== 'exclusiveMinimum' && limit === 0)
      )
        continue;
      const [was, is] = this.flow === 'taken' ? [before, limit] : [limit, before];
      found.push(`${at}: ${keyword} was ${said(was)}, is ${said(is)}`);
    }
    return found;
  }

  private items(inner: Placed, one: Json, outer: Placed, other: Json, at: string): string[] {
    const found: string[] = [];
    if (other.items !== undefined && one.type !== undefined && other.type === 'array')
      found.push(...this.refusals({ ...inner, schema: one.items ?? {} }, { ...outer, schema: other.items }, `${at}[]`));
    for (const [index, schema] of ((other.prefixItems ?? []) as unknown[]).entries())
      found.push(
        ...this.refusals({ ...inner, schema: one.prefixItems?.[index] ?? {} }, { ...outer, schema }, `${at}[${index}]`),
      );
    return found;
  }

  /** `one` was taken, `other` is. */
  private taken(inner: Placed, one: Json, outer: Placed, other: Json, at: string): string[] {
    const found: string[] = [];
    const required = (one.required ?? []) as string[];
    for (const name of (other.required ?? []) as string[])
      if (!required.includes(name)) found.push(`${at}.${name}: is required now`);
    const properties = (one.properties ?? {}) as Json;
    for (const [name, schema] of Object.entries(properties)) {
      const now = other.properties?.[name] ?? other.additionalProperties ?? true;
      if (now === false) found.push(`${at}.${name}: is no longer taken`);
      else found.push(...this.refusals({ ...inner, schema }, { ...outer, schema: now }, `${at}.${name}`));
    }
    return [...found, ...this.others(inner, one, outer, other, at)];
  }

  /** `other` was said, `one` is. Members that were not said are additions. */
  private given(inner: Placed, one: Json, outer: Placed, other: Json, at: string): string[] {
    const found: string[] = [];
    const required = (one.required ?? []) as string[];
    for (const [name, schema] of Object.entries((other.properties ?? {}) as Json)) {
      const now = one.properties?.[name] as unknown;
      if (now === undefined) found.push(`${at}.${name}: is no longer given`);
      else {
        if (other.required?.includes(name) && !required.includes(name)) found.push(`${at}.${name}: may be missing now`);
        found.push(...this.refusals({ ...inner, schema: now }, { ...outer, schema }, `${at}.${name}`));
      }
    }
    return typeof other.additionalProperties === 'object'
      ? [...found, ...this.others(inner, one, outer, other, at)]
      : found;
  }

  /** Members that no one named: of records, and of objects that are open. */
  private others(inner: Placed, one: Json, outer: Placed, other: Json, at: string): string[] {
    if (one.type !== 'object' || other.type !== 'object') return [];
    const [before, now] = [
      (one.additionalProperties ?? true) as unknown,
      (other.additionalProperties ?? true) as unknown,
    ];
    if (now === false) return before === false ? [] : [`${at}: other fields are no longer taken`];
    return this.refusals({ ...inner, schema: before }, { ...outer, schema: now }, `${at}.*`);
  }
}

function referenceOf({ schema }: Placed): string {
  const reference = (schema as Json | undefined)?.$ref as unknown;
  return typeof reference === 'string' ? reference : '';
}

function resolved(placed: Placed): Placed {
  const reference = referenceOf(placed);
  if (!reference) return placed;
  const { $ref: _, ...beside } = placed.schema as Json;
  const target = pointed(placed.document, reference);
  const conditions = Object.keys(beside).filter((keyword) => !annotations.has(keyword));
  return { ...placed, schema: conditions.length > 0 ? { allOf: [target, beside] } : target };
}

/** What a reference within a document means, such as `#/components/schemas/Event`. */
export function pointed(document: Json, reference: string): unknown {
  const names = reference.split('/').slice(1);
  const target = names.reduce<unknown>(
    (part, name) => (part as Json | undefined)?.[name.replaceAll('~1', '/').replaceAll('~0', '~')],
    document,
  );
  if (target === undefined) throw new Error(`nothing is at ${reference}`);
  return target;
}

function objectOf(schema: unknown): Json | false {
  return schema === false ? false : schema === true || schema === undefined ? {} : (schema as Json);
}

/** The alternatives of a union or of several types, each with what stands beside it; `undefined` for neither. */
function waysOf(schema: Json): unknown[] | undefined {
  const { anyOf, oneOf, ...beside } = schema;
  const ways = (anyOf ?? oneOf) as unknown[] | undefined;
  if (ways) {
    const conditions = Object.keys(beside).filter((keyword) => !annotations.has(keyword));
    return conditions.length > 0 ? ways.map((way) => ({ allOf: [way, beside] })) : ways;
  }
  if (Array.isArray(schema.type)) return (schema.type as string[]).map((type) => ({ ...schema, type }));
  return undefined;
}

function partsOf(schema: Json): Json[] {
  if (!schema.allOf) return [schema];
  const { allOf, ...beside } = schema;
  const conditions = Object.keys(beside).filter((keyword) => !annotations.has(keyword));
  return [...(allOf as Json[]), ...(conditions.length > 0 ? [beside] : [])];
}

/** The values of an enumeration, `undefined` where there is none. */
function valuesOf(schema: Json): unknown[] | undefined {
  if ('const' in schema) return [schema.const];
  if (Array.isArray(schema.enum)) return schema.enum as unknown[];
  return schema.type === 'null' ? [null] : schema.type === 'boolean' ? [true, false] : undefined;
}

function allows(schema: Json, value: unknown): boolean {
  const values = valuesOf(schema);
  if (values) return values.some((allowed) => isDeepStrictEqual(allowed, value));
  const { type } = schema;
  if (type === undefined) return true;
  if (type === 'integer') return Number.isInteger(value);
  return type === (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value);
}

function typeName(schema: Json): string {
  return (schema.type as string | undefined) ?? 'anything';
}

function said(value: unknown): string {
  return value === undefined ? 'not said' : JSON.stringify(value);
}

/** How far an alternative is from being the one meant: another type or another constant is further than anything within. */
function weight(found: readonly string[], at: string): number {
  return found.reduce((sum, line) => sum + (line.startsWith(`${at}: `) ? 100 : /: the value /.test(line) ? 10 : 1), 0);
}

function unique(lines: readonly string[]): string[] {
  return [...new Set(lines)];
}

import { pathOf, type FieldError } from '@carillon/contracts';
import { Ajv2020, type ErrorObject, type SchemaObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { fullFormats } from 'ajv-formats/dist/formats.js';
import { canonical } from './canonical.ts';
import { InvalidPattern, safePattern } from './pattern.ts';

/** What the data of an event lack, by path: `data.amount`; nothing where they fit. */
export type CheckData = (data: Record<string, unknown>) => FieldError[];

/** The formats that are checked, each with an example. */
const formats = {
  date: 'a date such as 2026-12-01',
  time: 'a time with a zone such as 16:30:00Z',
  'date-time': 'an RFC 3339 time with a zone such as 2026-12-01T16:30:00Z',
  duration: 'an ISO 8601 duration such as PT45M',
  email: 'an email address such as amina@example.org',
  hostname: 'a host name such as example.org',
  ipv4: 'an IPv4 address such as 192.0.2.1',
  ipv6: 'an IPv6 address such as 2001:db8::1',
  uri: 'a URI such as https://example.org/i/1001',
  'uri-reference': 'a URI or a path such as /i/1001',
  uuid: 'a UUID',
} as const;
type FormatName = keyof typeof formats;

/** The keywords of draft 2020-12 by what stands in them. Whatever is not here is a mistake, such as `requird`. */
const keywords: Readonly<Record<string, 'schema' | 'schemas' | 'named schemas' | 'plain'>> = {
  ...all(
    'schema',
    'items contains not if then else additionalProperties propertyNames unevaluatedItems unevaluatedProperties',
  ),
  ...all('schemas', 'allOf anyOf oneOf prefixItems'),
  ...all('named schemas', '$defs definitions properties patternProperties dependentSchemas'),
  ...all('plain', '$schema $id $ref $comment title description default examples deprecated readOnly writeOnly'),
  ...all('plain', 'type enum const required dependentRequired minProperties maxProperties'),
  ...all('plain', 'minItems maxItems uniqueItems minContains maxContains contentEncoding contentMediaType'),
  ...all('plain', 'minLength maxLength pattern format minimum maximum exclusiveMinimum exclusiveMaximum multipleOf'),
};

const draft = 'https://json-schema.org/draft/2020-12/schema';
const limits = {
  /** Characters of a schema as JSON. */
  size: 64 * 1024,
  depth: 30,
  /** Schemas that one object may have to pass, each `$ref` counted as what it stands for. Compiling 1,000 takes up to 0.3 s. */
  work: 1_000,
  /** The same of all schemas of a document. */
  allWork: 20_000,
  /** Of what is wrong with the data of one event. */
  errors: 20,
  /** Longer texts are of no format. */
  formatted: 2_048,
};

type Path = readonly PropertyKey[];
type Report = (path: Path, message: string) => void;

/** Compiles the JSON Schemas of one document. */
export class DataSchemas {
  private readonly ajv = createAjv();
  private work = 0;

  /**
   * The check that a schema describes, or undefined when something is wrong with it.
   * @param report hears of every mistake, by its path within the schema
   */
  compile(schema: SchemaObject, report: Report): CheckData | undefined {
    let sound = true;
    const mistake: Report = (path, message) => {
      sound = false;
      report(path, message);
    };
    if (JSON.stringify(schema).length > limits.size) {
      mistake([], `is larger than ${limits.size / 1024} KB`);
      return undefined;
    }
    const work = new SchemaReader(schema, mistake).read();
    if (sound && (this.work += work) > limits.allWork) {
      mistake([], `means, with those before it, more than ${limits.allWork} checks; make them smaller`);
    }
    if (!this.ajv.validateSchema({ ...schema, $schema: draft })) {
      for (const [path, message] of shapeMistakes(this.ajv.errors ?? [], schema)) mistake(path, message);
    }
    if (!sound) return undefined;
    try {
      const validate = this.ajv.compile(schema);
      return (data) => checked(validate, data);
    } catch (error) {
      mistake([], (error as Error).message);
      return undefined;
    }
  }
}

function checked(validate: ValidateFunction, data: Record<string, unknown>): FieldError[] {
  try {
    return validate(data) ? [] : fieldErrors(validate.errors ?? [], data);
  } catch (error) {
    // Ajv compares by way of members such as `valueOf`, which data may have.
    return [{ path: 'data', message: `cannot be checked: ${(error as Error).message}` }];
  }
}

function createAjv(): Ajv2020 {
  const ajv = new Ajv2020({
    allErrors: true,
    verbose: true,
    // `required: [toString]` means the data's own.
    ownProperties: true,
    strict: true,
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    addUsedSchema: false,
    logger: false,
    // Optimizing takes longer than all else, and quadratically so.
    code: {
      optimize: false,
      regExp: Object.assign((pattern: string) => safePattern(pattern), { code: 'safePattern' }),
    },
    formats: Object.fromEntries(
      Object.keys(formats).map((name) => [name, { type: 'string', validate: hasFormat(name as FormatName) }]),
    ),
  });
  // Ajv compares each item with every other: a list of 100,000 objects would hold up everyone for minutes.
  ajv.removeKeyword('uniqueItems');
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    validate: (wanted: boolean, items: unknown[]) => !wanted || new Set(items.map(canonical)).size === items.length,
  });
  return ajv;
}

function hasFormat(name: FormatName): (text: string) => boolean {
  const format = fullFormats[name] as RegExp | ((text: string) => boolean) | { validate(text: string): boolean };
  const test =
    format instanceof RegExp
      ? (text: string) => format.test(text)
      : typeof format === 'function'
        ? format
        : format.validate;
  return (text) => text.length <= limits.formatted && test(text);
}

/** Finds everything about a schema that Ajv would take, run away with, or complain of one at a time. */
class SchemaReader {
  private readonly work = new Map<unknown, number | 'being counted'>();
  private tooMuch = false;

  constructor(
    private readonly root: SchemaObject,
    private readonly report: Report,
  ) {}

  /** @returns how many schemas one object may have to pass */
  read(): number {
    const { $schema, type } = this.root;
    if ($schema !== undefined && $schema !== draft) this.report(['$schema'], `must be ${draft}, or be left out`);
    if (type !== undefined && type !== 'object') this.report(['type'], 'must be object: the data of an event are one');
    this.walk(this.root, []);
    return this.count(this.root, []);
  }

  private walk(schema: unknown, path: Path): void {
    if (path.length > limits.depth) return this.report([], `is nested deeper than ${limits.depth} levels`);
    for (const [keyword, value] of Object.entries(isObject(schema) ? schema : {})) {
      const at = [...path, keyword];
      if (!Object.hasOwn(keywords, keyword)) {
        this.report(at, 'is not a keyword of JSON Schema (draft 2020-12) that is known here');
      }
      if (keyword === '$id' && path.length > 0) this.report(at, 'may only stand at the top');
      if (keyword === '$ref' && this.target(value) === undefined) {
        this.report(at, 'must name a part of the same schema that exists, such as #/$defs/address');
      }
      if (keyword === 'format' && !Object.hasOwn(formats, String(value))) {
        this.report(at, `is not a format that is checked; use one of ${Object.keys(formats).join(', ')}`);
      }
      if (keyword === 'pattern') this.pattern(value, at);
      if (keyword === 'patternProperties') for (const name of keysOf(value)) this.pattern(name, [...at, name]);
    }
    for (const [at, child] of this.children(schema, path)) this.walk(child, at);
  }

  private pattern(pattern: unknown, path: Path): void {
    if (typeof pattern !== 'string') return;
    try {
      safePattern(pattern);
    } catch (error) {
      if (!(error instanceof InvalidPattern)) throw error;
      this.report(path, error.message);
    }
  }

  /** Ten definitions that each name the next one twice already mean a thousand checks of the same value. */
  private count(schema: unknown, path: Path): number {
    const known = this.work.get(schema);
    if (typeof known === 'number') return known;
    if (known === 'being counted') {
      this.report(path, 'refers to itself, which is not supported');
      return 0;
    }
    if (!isObject(schema)) return 1;
    this.work.set(schema, 'being counted');
    const children = this.children(schema, path);
    const target = this.target(schema.$ref);
    if (target !== undefined) children.push([[...path, '$ref'], target]);
    const work = children.reduce((sum, [at, child]) => sum + this.count(child, at), 1);
    if (work > limits.work && !this.tooMuch) {
      this.tooMuch = true;
      this.report([], `means more than ${limits.work} checks of the same data; make it smaller`);
    }
    this.work.set(schema, work);
    return work;
  }
  private children(schema: unknown, path: Path): [path: Path, child: unknown][] {
    const children: [Path, unknown][] = [];
    for (const [keyword, value] of Object.entries(isObject(schema) ? schema : {})) {
      const kind = Object.hasOwn(keywords, keyword) ? keywords[keyword] : 'plain';
      if (kind === 'schema') children.push([[...path, keyword], value]);
      else if (kind === 'schemas' && Array.isArray(value)) {
        children.push(...value.map((child, index): [Path, unknown] => [[...path, keyword, index], child]));
      } else if (kind === 'named schemas' && isObject(value)) {
        children.push(
          ...Object.entries(value).map(([name, child]): [Path, unknown] => [[...path, keyword, name], child]),
        );
      }
    }
    return children;
  }

  /** What a `$ref` names, a JSON pointer (RFC 6901) into the same schema. */
  private target(ref: unknown): unknown {
    if (typeof ref !== 'string' || !/^#(\/|$)/.test(ref)) return undefined;
    let found: unknown = this.root;
    for (const part of pointerParts(ref.slice(1))) {
      if (typeof found !== 'object' || found === null || !Object.hasOwn(found, part)) return undefined;
      found = (found as Record<string, unknown>)[part];
    }
    return isObject(found) || typeof found === 'boolean' ? found : undefined;
  }
}

/** What JSON Schema's own schema says of a schema; one thing per place, as it repeats itself for every vocabulary. */
function shapeMistakes(errors: readonly ErrorObject[], schema: SchemaObject): Map<Path, string> {
  const first = new Map<string, [Path, string]>();
  for (const { instancePath, message, keyword } of errors) {
    if (keyword === 'if' || first.has(instancePath)) continue;
    const path = partsOf(instancePath, schema);
    const what =
      path.at(-1) === 'type'
        ? 'must be array, boolean, integer, null, number, object, string, or a list of these'
        : message!;
    first.set(instancePath, [path, what]);
  }
  return new Map(first.values());
}

function fieldErrors(errors: readonly ErrorObject[], data: unknown): FieldError[] {
  // `if` only repeats that one of `then` or `else` failed, and `propertyNames` what is wrong with a name.
  const telling = errors.filter(({ keyword, propertyName }) => keyword !== 'if' && propertyName === undefined);
  const named = telling.slice(0, limits.errors).map((error) => fieldError(error, data));
  if (telling.length <= limits.errors) return named;
  return [...named, { path: 'data', message: `has ${telling.length - limits.errors} more mistakes` }];
}

/** Says nothing of the values themselves, which may be personal. */
function fieldError({ instancePath, keyword, params, message, data: value }: ErrorObject, data: unknown): FieldError {
  const parts = ['data', ...partsOf(instancePath, data)];
  const at = (...more: string[]) => pathOf([...parts, ...more]);
  switch (keyword) {
    case 'required':
      return { path: at(params.missingProperty), message: 'is missing' };
    case 'dependentRequired':
      return {
        path: at(params.missingProperty),
        message: `is missing; it is needed where ${params.property} is given`,
      };
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return {
        path: at(params.additionalProperty ?? params.unevaluatedProperty),
        message: 'is not a known field; remove it, or add it to the schema of the type',
      };
    case 'propertyNames':
      return { path: at(params.propertyName), message: 'is a name that the schema of the type does not allow' };
    case 'type':
      return { path: at(), message: `must be ${[params.type].flat().join(' or ')}, but is ${typeOf(value)}` };
    case 'enum':
      return {
        path: at(),
        message: `must be one of ${params.allowedValues.map((one: unknown) => JSON.stringify(one)).join(', ')}`,
      };
    case 'const':
      return { path: at(), message: `must be ${JSON.stringify(params.allowedValue)}` };
    case 'format':
      return { path: at(), message: `must be ${formats[params.format as FormatName]}` };
    case 'uniqueItems':
      return { path: at(), message: 'must not hold the same item twice' };
    case 'anyOf':
      return { path: at(), message: 'must fit one or more of the alternatives in the schema of the type' };
    case 'oneOf':
      return { path: at(), message: 'must fit exactly one of the alternatives in the schema of the type' };
    case 'not':
    case 'false schema':
      return { path: at(), message: 'is excluded by the schema of the type' };
    default:
      return { path: at(), message: message!.replace('NOT', 'not') };
  }
}

function all<Kind>(kind: Kind, names: string): Record<string, Kind> {
  return Object.fromEntries(names.split(' ').map((name) => [name, kind]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function keysOf(value: unknown): string[] {
  return isObject(value) ? Object.keys(value) : [];
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** The parts of a JSON pointer (RFC 6901). */
function pointerParts(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => decodeURIComponentSafely(part).replaceAll('~1', '/').replaceAll('~0', '~'));
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A JSON pointer as a path in a document, where positions in lists are numbers. */
function partsOf(pointer: string, document: unknown): PropertyKey[] {
  let here = document;
  return pointer
    .split('/')
    .slice(1)
    .map((encoded) => {
      const part = encoded.replaceAll('~1', '/').replaceAll('~0', '~');
      const key = Array.isArray(here) ? Number(part) : part;
      here = (here as Record<PropertyKey, unknown> | undefined)?.[key];
      return key;
    });
}

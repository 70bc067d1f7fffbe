import type { FieldError } from '@carillon/contracts';
import { Ajv2020, type ErrorObject, type SchemaObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { canonical } from './canonical.ts';
import { fieldErrors } from './data-mistakes.ts';
import { formats, hasFormat, type FormatName } from './formats.ts';
import { partsOf, pointerParts } from './json-pointer.ts';
import { InvalidPattern, safePattern } from './pattern.ts';

/** What the data of an event lack, by path: `data.amount`; nothing where they fit. */
export type CheckData = (data: Record<string, unknown>) => FieldError[];

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

function all<Kind>(kind: Kind, names: string): Record<string, Kind> {
  return Object.fromEntries(names.split(' ').map((name) => [name, kind]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function keysOf(value: unknown): string[] {
  return isObject(value) ? Object.keys(value) : [];
}

import * as contracts from '@carillon/contracts';
import { z } from 'zod';

/** A JSON Schema as a document carries it. */
export type JsonSchema = Record<string, unknown>;

/** `input` is what a caller may send (defaults are optional); `output` is what he is answered. */
type Direction = 'input' | 'output';

const definitions = /^#\/(?:\$defs|definitions)\//;
const components = '#/components/schemas/';

/** The contracts' own names: `deliverySchema` is `Delivery` in every document. */
const names = z.registry<{ id: string }>();
for (const [name, schema] of Object.entries(contracts)) {
  if (name.endsWith('Schema') && schema instanceof z.ZodObject)
    names.add(schema, { id: name[0]!.toUpperCase() + name.slice(1, -'Schema'.length) });
}

/**
 * Turns zod schemas into JSON Schema for one document. Schemas that the contracts name become components, so that each
 * is described once and generated clients get a type for it.
 *
 * @param target the dialect: OpenAPI 3.1 has 2020-12, AsyncAPI 3.0 has draft 7
 */
export class JsonSchemas {
  private readonly defined = { input: new Map<string, JsonSchema>(), output: new Map<string, JsonSchema>() };

  constructor(private readonly target: 'draft-2020-12' | 'draft-7') {}

  /** The schema itself, or a reference to its component. Hand the finished document to {@link finish}. */
  of(schema: z.ZodType, direction: Direction): JsonSchema {
    const json = z.toJSONSchema(schema, {
      io: direction,
      target: this.target,
      metadata: names,
      unrepresentable: 'any',
      override: ({ zodSchema, jsonSchema }) => tidy(zodSchema, jsonSchema),
    }) as JsonSchema;
    const { $schema: _, $defs, definitions, ...rest } = json;
    for (const [name, definition] of Object.entries(($defs ?? definitions ?? {}) as Record<string, JsonSchema>)) {
      const { id: _id, $id: _$id, ...shape } = definition;
      this.defined[direction].set(name, shape);
    }
    return markReferences(rest, direction) as JsonSchema;
  }

  /**
   * Adds the components to a document and points every reference at them. A schema that looks different as input and as
   * output (or refers to one that does) becomes two components, of which the input's name ends in `Input`.
   */
  finish<Document extends { components: { schemas: Record<string, JsonSchema> } }>(document: Document): Document {
    const { input, output } = this.defined;
    const split = differing(input, output);
    const nameOf = (name: string, direction: Direction) =>
      direction === 'input' && split.has(name) ? `${name}Input` : name;
    const schemas: Record<string, JsonSchema> = {};
    for (const direction of ['output', 'input'] as const) {
      for (const [name, schema] of this.defined[direction])
        schemas[nameOf(name, direction)] = markReferences(schema, direction) as JsonSchema;
    }
    const sorted = Object.fromEntries(Object.entries(schemas).sort(([one], [other]) => one.localeCompare(other)));
    return resolveReferences(
      { ...document, components: { ...document.components, schemas: { ...document.components.schemas, ...sorted } } },
      nameOf,
    ) as Document;
  }
}

/** Leaves out what says nothing to a reader or binds a client to more than is promised. */
function tidy(schema: z.core.$ZodTypes, json: JsonSchema): void {
  const { def } = schema._zod;
  // Answers may gain members (contracts change additively), so only what is strict is closed.
  if (def.type === 'object' && !def.catchall) delete json.additionalProperties;
  if (def.type === 'record' && Object.keys((json.propertyNames as object | undefined) ?? {}).join() === 'type')
    delete json.propertyNames;
  if (json.minimum === Number.MIN_SAFE_INTEGER) delete json.minimum;
  if (json.maximum === Number.MAX_SAFE_INTEGER) delete json.maximum;
  // The format says the same in a word.
  if (json.format !== undefined) delete json.pattern;
}

/** Names whose shapes differ by direction, and whatever refers to them. */
function differing(input: Map<string, JsonSchema>, output: Map<string, JsonSchema>): Set<string> {
  const both = [...input.keys()].filter((name) => output.has(name));
  const split = new Set(both.filter((name) => JSON.stringify(input.get(name)) !== JSON.stringify(output.get(name))));
  for (let before = -1; before !== split.size;) {
    before = split.size;
    for (const name of both) if (referencesOf(input.get(name)!).some((other) => split.has(other))) split.add(name);
  }
  return split;
}

function referencesOf(schema: JsonSchema): string[] {
  return [...JSON.stringify(schema).matchAll(/"#\/(?:\$defs|definitions)\/([^"]+)"/g)].map(([, name]) => name!);
}

/** A reference that still remembers its direction; {@link JsonSchemas.finish} knows what the component is called. */
const marked = /^carillon:(input|output):(.+)$/;

function markReferences(json: unknown, direction: Direction): unknown {
  return mapReferences(json, (reference) => reference.replace(definitions, `carillon:${direction}:`));
}

function resolveReferences(json: unknown, nameOf: (name: string, direction: Direction) => string): unknown {
  return mapReferences(json, (reference) => {
    const [, direction, name] = marked.exec(reference) ?? [];
    return name === undefined ? reference : components + nameOf(name, direction as Direction);
  });
}

function mapReferences(json: unknown, change: (reference: string) => string): unknown {
  if (Array.isArray(json)) return json.map((item) => mapReferences(item, change));
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [
      key,
      key === '$ref' && typeof value === 'string' ? change(value) : mapReferences(value, change),
    ]),
  );
}

import type { Mistake } from '../compile/source-error.ts';
import type { VariableUse } from '../engine/index.ts';
import { genericType } from '../templates/template.ts';

/** What is known of the data that events of a type bring. */
export interface DeclaredData {
  type: string;
  /** JSON Schema of the data; null where the catalog has none. */
  schema: object | null;
  /** Names that the type's words in use, or its sample, know. */
  known: readonly string[];
  /** What Carillon gives to every template besides the data, with its members. */
  given: Readonly<Record<string, readonly string[]>>;
}

/** A variable in one field of a source. */
export type FieldVariable = VariableUse & { field: string };

/**
 * Variables that no event can be expected to bring. Where the type has a schema they are mistakes, since that says all that its
 * events bring (unless it says `additionalProperties: true`); otherwise the author is only told, for an event may bring anything.
 */
export function undeclared(
  variables: readonly FieldVariable[],
  { type, schema, known, given }: DeclaredData,
): { mistakes: Mistake[]; warnings: Mistake[] } {
  const mistakes: Mistake[] = [];
  const warnings: Mistake[] = [];
  for (const { field, path, line, column } of variables) {
    const [name, member] = path as [string, string | number | undefined];
    const place = { field, line, column };
    if (Object.hasOwn(given, name)) {
      const members = given[name]!;
      if (typeof member === 'string' && !members.includes(member)) {
        mistakes.push({ ...place, message: `${name} has no "${member}"; ${listed(members)}` });
      }
    } else if (type !== genericType && name !== 'link' && !known.includes(name)) {
      const names = Object.keys(propertiesOf(schema) ?? {});
      if (schema && !declares(schema, path)) {
        const message = `the schema of ${type} has no "${path.join('.')}"; ${listed(names)}, or declare it there`;
        mistakes.push({ ...place, message });
      } else if (!schema && known.length > 0) {
        const message = `no other words of ${type} use "${name}", nor does its sample have it: every event will have to bring it`;
        warnings.push({ ...place, message });
      }
    }
  }
  return { mistakes, warnings };
}

function listed(names: readonly string[]): string {
  return names.length > 0 ? `there is ${names.join(', ')}` : 'there is nothing in it';
}

/** Whether data that a schema takes can have something at a path. */
function declares(schema: object, path: readonly (string | number)[]): boolean {
  const [name, ...rest] = path;
  const properties = propertiesOf(schema);
  // What stands in a list, or is Liquid's own (`items.size`), is not followed.
  if (typeof name !== 'string' || !properties) return true;
  if (Object.hasOwn(properties, name)) {
    const property = properties[name];
    return typeof property === 'object' && property !== null ? declares(property, rest) : property !== false;
  }
  return !isClosed(schema);
}

function propertiesOf(schema: object | null): Record<string, unknown> | undefined {
  const { properties } = (schema ?? {}) as { properties?: unknown };
  return typeof properties === 'object' && properties !== null ? (properties as Record<string, unknown>) : undefined;
}

/** Keywords by which a schema may take more than its `properties` say. */
const openings = ['patternProperties', '$ref', '$dynamicRef', 'allOf', 'anyOf', 'oneOf', 'if', 'dependentSchemas'];

function isClosed(schema: object): boolean {
  const { additionalProperties = false } = schema as { additionalProperties?: unknown };
  return additionalProperties === false && !openings.some((keyword) => Object.hasOwn(schema, keyword));
}

import { pathOf, type FieldError } from '@carillon/contracts';
import type { ErrorObject } from 'ajv/dist/2020.js';
import { formats, type FormatName } from './formats.ts';
import { partsOf } from './json-pointer.ts';

/** Mistakes that are named of the data of one event. */
const mostNamed = 20;

/** What Ajv found wrong with the data of an event, in words for whoever sent it. */
export function fieldErrors(errors: readonly ErrorObject[], data: unknown): FieldError[] {
  // `if` only repeats that one of `then` or `else` failed, and `propertyNames` what is wrong with a name.
  const telling = errors.filter(({ keyword, propertyName }) => keyword !== 'if' && propertyName === undefined);
  const named = telling.slice(0, mostNamed).map((error) => fieldError(error, data));
  if (telling.length <= mostNamed) return named;
  return [...named, { path: 'data', message: `has ${telling.length - mostNamed} more mistakes` }];
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

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

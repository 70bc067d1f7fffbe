import { recipientIdSchema, type Audience } from '@carillon/contracts';
import { eventVocabulary, Expression } from './expression.ts';
import type { Addressees } from './notification-type.ts';

/** More than these are an audience. */
const mostIds = 1000;

/** @param path where in the catalog it stands @throws InvalidExpression */
export function addresseesOf(path: string, to: string | Audience): Addressees {
  if (typeof to !== 'string') return { text: JSON.stringify(to), of: () => to };
  const expression = Expression.parse(path, to, eventVocabulary);
  return { text: to, of: (scope) => idsOf(expression, scope) };
}

function idsOf(expression: Expression, scope: object): string[] {
  const value = expression.evaluate(scope);
  const named = Array.isArray(value) ? value : [value];
  if (named.every(isNothing)) throw expression.failed('it names no recipient');
  const ids = [...new Set(named.map((id, index) => idOf(expression, id, index)))];
  if (ids.length > mostIds) {
    throw expression.failed(
      `it names ${ids.length} recipients, at most ${mostIds} can be named; write to: {role: …} or {tag: …}`,
    );
  }
  return ids;
}

/** @throws Problem that shows nothing of the value, which may be personal */
function idOf(expression: Expression, value: unknown, index: number): string {
  if (typeof value === 'object' && value !== null) {
    throw expression.failed(
      Array.isArray(value)
        ? 'it yields a list within a list; recipient ids are needed'
        : 'it yields objects where recipient ids are needed; take the id of each with | map: "id"',
    );
  }
  const id = Number.isSafeInteger(value) ? String(value) : value;
  const parsed = recipientIdSchema.safeParse(id);
  if (parsed.success) return parsed.data;
  if (isNothing(value)) throw expression.failed(`value ${index + 1} is missing; leave such out with | compact`);
  throw expression.failed(`value ${index + 1} is not a recipient id: a text or a whole number`);
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined || value === '';
}

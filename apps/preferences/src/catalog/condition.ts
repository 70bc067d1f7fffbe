import { eventVocabulary, Expression } from './expression.ts';
import type { Condition } from './notification-type.ts';

/** @param path where in the catalog it stands @throws InvalidExpression */
export function conditionOf(path: string, text: string): Condition {
  const expression = Expression.parse(path, text, eventVocabulary);
  return { text, holds: (scope) => expression.holds(scope) };
}

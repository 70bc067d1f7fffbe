import { createHash } from 'node:crypto';
import { batchSchema, durationMs, type CatalogType } from '@carillon/contracts';
import { eventVocabulary, Expression } from './expression.ts';
import type { Batching } from './notification-type.ts';

const longestKey = batchSchema.shape.key.maxLength!;

/** @param path where in the catalog its key stands @throws InvalidExpression */
export function batchingOf(path: string, batch: NonNullable<CatalogType['batch']>): Batching {
  const { key, window, max, channels, mode, max_wait } = batch;
  const expression = Expression.parse(path, key, eventVocabulary);
  const limits = {
    window_ms: durationMs(window),
    ...(max !== undefined && { max }),
    ...(channels && { channels }),
    ...(mode && { mode }),
    ...(max_wait !== undefined && { max_wait_ms: durationMs(max_wait) }),
  };
  return {
    of(scope) {
      const value = expression.evaluate(scope);
      if (value === undefined || value === null || value === '') return undefined;
      if (!['string', 'number', 'boolean'].includes(typeof value)) {
        throw expression.failed('yields a list or an object; a batch is named by a text or a number');
      }
      const text = String(value);
      return { key: text.length <= longestKey ? text : createHash('sha256').update(text).digest('hex'), ...limits };
    },
  };
}

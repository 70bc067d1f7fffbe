import { h } from '../dom.js';
import { duration } from '../format.js';
import { badge } from './badge.js';
import { exactly } from './time.js';

/**
 * Each call to a provider, the first one first.
 * @param {{ number: number, provider: string, outcome: string, error: string | null, provider_message_id: string | null, started_at: string, finished_at: string | null }[]} attempts
 */
export function attemptList(attempts) {
  if (attempts.length === 0) return h('p', { class: 'quiet' }, 'No provider has been called yet.');
  return h(
    'ol',
    { class: 'timeline' },
    attempts.map(({ number, provider, outcome, error, provider_message_id, started_at, finished_at }) =>
      h(
        'li',
        {},
        h(
          'div',
          { class: 'row' },
          h('span', { class: 'strong' }, `Attempt ${number}`),
          badge(outcome),
          h('span', { class: 'quiet' }, `by ${provider}`),
          exactly(started_at),
          finished_at && h('span', { class: 'quiet' }, `took ${duration(started_at, finished_at)}`),
        ),
        error && h('p', { class: 'error-text' }, error),
        provider_message_id && h('p', { class: 'quiet' }, 'Message ', h('code', {}, provider_message_id)),
      ),
    ),
  );
}

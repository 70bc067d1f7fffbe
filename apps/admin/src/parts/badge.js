import { h } from '../dom.js';
import { toneOf } from '../format.js';

/**
 * A state with its colour; the word says the same, so that nobody depends on the colour.
 * @param {string} status
 */
export function badge(status) {
  return h('span', { class: `badge ${toneOf(status)}` }, status.replaceAll('_', ' '));
}

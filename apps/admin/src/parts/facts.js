import { h } from '../dom.js';

/**
 * Names and values side by side; those without a value are left out.
 * @param {[name: string, value: import('../dom.js').Child][]} facts
 */
export function facts(facts) {
  return h(
    'dl',
    { class: 'facts' },
    facts
      .filter(([, value]) => value !== null && value !== undefined && value !== '')
      .map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
  );
}

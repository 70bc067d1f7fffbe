import { h } from '../dom.js';

/**
 * A field with its label.
 * @param {string} name
 * @param {string} label
 * @param {Record<string, unknown>} attributes
 * @param {import('../dom.js').Child} [help]
 */
export function input(name, label, attributes, help) {
  return h(
    'div',
    { class: 'field' },
    h('label', { for: name }, label),
    h('input', { id: name, name, ...(help && { 'aria-describedby': `${name}-help` }), ...attributes }),
    help && h('p', { id: `${name}-help`, class: 'quiet' }, help),
  );
}

/** As the gateway wants new passwords. */
export const newPassword = {
  type: 'password',
  autocomplete: 'new-password',
  minlength: 12,
  maxlength: 200,
  required: true,
};

import { h } from '../dom.js';

/**
 * Something secret that is shown this once.
 * @param {string} title
 * @param {string} text what to do with it
 * @param {string} secret
 */
export function toldOnce(title, text, secret) {
  const copy = h('button', { type: 'button' }, 'Copy');
  copy.addEventListener('click', async () => {
    await navigator.clipboard.writeText(secret);
    copy.textContent = 'Copied';
  });
  return h(
    'div',
    { class: 'notice good', role: 'status' },
    h('p', { class: 'strong' }, title),
    h('p', {}, text),
    h('p', {}, h('code', { class: 'lines' }, secret)),
    h('div', { class: 'actions' }, copy),
  );
}

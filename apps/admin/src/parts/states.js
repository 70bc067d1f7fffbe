import { ApiError } from '../api.js';
import { h } from '../dom.js';

/** @param {string} what is being loaded */
export function loading(what) {
  return h('p', { class: 'state', role: 'status' }, `Loading ${what}…`);
}

/**
 * Nothing to show, and what would change that.
 * @param {string} title
 * @param {...import('../dom.js').Child} explanation
 */
export function empty(title, ...explanation) {
  return h('div', { class: 'state' }, h('p', { class: 'strong' }, title), h('p', {}, ...explanation));
}

/**
 * @param {unknown} error
 * @param {() => void} [again] tries it once more
 */
export function failure(error, again) {
  const problem = error instanceof ApiError ? error : new ApiError({ status: 0, title: String(error) });
  return h(
    'div',
    { class: 'notice bad', role: 'alert' },
    h('p', { class: 'strong' }, problem.title),
    problem.detail && h('p', {}, problem.detail),
    problem.errors.length > 0 &&
      h(
        'ul',
        {},
        problem.errors.map(({ path, message }) => h('li', {}, h('code', {}, path), ` ${message}`)),
      ),
    again && h('button', { type: 'button', onclick: again }, 'Try again'),
  );
}

import { h } from '../dom.js';

/**
 * Asks before something that cannot be taken back.
 * @param {{ title: string, text: string, yes: string, danger?: boolean }} question
 * @returns {Promise<boolean>}
 */
export function confirmed({ title, text, yes, danger = false }) {
  const { promise, resolve } = Promise.withResolvers();
  const closed = () => {
    dialog.remove();
    resolve(dialog.returnValue === 'yes');
  };
  const dialog = h(
    'dialog',
    { 'aria-labelledby': 'question', onclose: closed },
    h('h2', { id: 'question' }, title),
    h('p', {}, text),
    h(
      'div',
      { class: 'actions' },
      h('button', { type: 'button', autofocus: true, onclick: () => dialog.close('no') }, 'Cancel'),
      h('button', { type: 'button', class: danger ? 'danger' : 'primary', onclick: () => dialog.close('yes') }, yes),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return promise;
}

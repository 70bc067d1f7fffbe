import { h } from '../dom.js';
import { act } from './act.js';
import { confirmed } from './confirm.js';

/**
 * A button that asks first, then does something and says what came of it.
 * @param {{ title: string, text: string, yes: string, danger?: boolean }} question
 * @param {() => Promise<void>} work
 */
export function deed(question, work) {
  const button = h('button', { type: 'button', class: question.danger && 'danger' }, question.yes);
  button.addEventListener('click', async () => {
    if (await confirmed(question)) await act(button, work);
  });
  return button;
}

import { failure } from './states.js';

/**
 * Runs what a button does: the button cannot be pressed twice meanwhile, and a failure is shown beside it.
 * @param {HTMLButtonElement} button
 * @param {() => Promise<void>} work
 */
export async function act(button, work) {
  const area = button.closest('.actions') ?? button;
  if (area.nextElementSibling?.classList.contains('notice')) area.nextElementSibling.remove();
  button.disabled = true;
  try {
    await work();
  } catch (error) {
    area.after(failure(error));
  } finally {
    button.disabled = false;
  }
}

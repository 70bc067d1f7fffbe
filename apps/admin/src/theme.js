/** Light, dark, or as the system has it. Remembered in this browser. */
import { h } from './dom.js';

const name = 'carillon.theme';
const themes = { '': 'System', light: 'Light', dark: 'Dark' };

export function applyTheme() {
  document.documentElement.dataset.theme = localStorage.getItem(name) ?? '';
}

export function themeChoice() {
  const current = localStorage.getItem(name) ?? '';
  return h(
    'label',
    { class: 'theme' },
    'Theme',
    h(
      'select',
      {
        /** @param {Event} event */
        onchange(event) {
          localStorage.setItem(name, /** @type {HTMLSelectElement} */ (event.target).value);
          applyTheme();
        },
      },
      Object.entries(themes).map(([value, title]) => h('option', { value, selected: value === current }, title)),
    ),
  );
}

/**
 * Builds the console's elements. Text only ever becomes text nodes, so nothing that an integrator sent can become
 * markup; there is no other way in here to make an element.
 */

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * @param {string} tag
 * @param {Record<string, any>} [attributes] `class`, any attribute, or a listener such as `onclick`; `false` and
 *   `undefined` are left out, `true` sets an attribute without a value
 * @param {...(Child | Child[])} children
 * @returns {any} the element
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false || value === null) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...nodes(children));
  return element;
}

/**
 * @param {Child | Child[] | (Child | Child[])[]} children
 * @returns {(Node | string)[]}
 */
function nodes(children) {
  return [children]
    .flat(3)
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (typeof child === 'number' ? String(child) : /** @type {Node | string} */ (child)));
}

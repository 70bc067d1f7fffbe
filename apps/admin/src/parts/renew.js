const reachable = 'a, button, summary';

/**
 * Puts fresh parts in the place of those that differ from them. What has not changed stays as it is, with what is selected in it;
 * what was opened stays open, and the keyboard stays where it was.
 *
 * @param {Element} parent
 * @param {HTMLElement[]} parts always as many, in the same order
 */
export function renew(parent, parts) {
  if (parent.childElementCount === 0) return parent.append(...parts);
  [...parent.children].forEach((old, at) => {
    const part = /** @type {HTMLElement} */ (parts[at]);
    const opened = old.querySelectorAll('details');
    part.querySelectorAll('details').forEach((details, n) => (details.open = opened[n]?.open ?? false));
    if (old.isEqualNode(part)) return;
    const focus = [...old.querySelectorAll(reachable)].indexOf(/** @type {Element} */ (document.activeElement));
    old.replaceWith(part);
    if (focus >= 0) /** @type {HTMLElement | undefined} */ (part.querySelectorAll(reachable)[focus])?.focus();
  });
}

/**
 * An address as lists show it: enough to recognise it by, not enough to write to it.
 * `amina@example.org` becomes `a•••@example.org`, `+254711000111` becomes `+254•••111`.
 */
export function mask(address: string): string {
  const at = address.lastIndexOf('@');
  if (at > 0) return `${[...address][0]}•••${address.slice(at)}`;
  // Fewer than eight digits: three at either end would be nearly all of it.
  return address.length < 8 ? '•••' : `${address.slice(0, 4)}•••${address.slice(-3)}`;
}

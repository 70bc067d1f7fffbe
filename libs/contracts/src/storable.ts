/** How many levels deep JSON from outside may be: far more than anybody writes, far fewer than overflow a stack. */
export const deepestJson = 100;

/** Whether objects and lists stand in each other more than so many levels deep. */
export function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeperThan(levels - 1, member));
}

/** How many values JSON from outside may hold: more than the largest request has a use for, fewer than keep a process busy. */
export const mostJsonValues = 500_000;

/** Whether there are more values in it than so many, with objects and lists counted as well. */
export function hasMoreValuesThan(most: number, value: unknown): boolean {
  let left = most;
  const count = (part: unknown): boolean => {
    left -= 1;
    if (left < 0) return true;
    // The bytes of a body that is no JSON are not values.
    return typeof part === 'object' && part !== null && !ArrayBuffer.isView(part) && Object.values(part).some(count);
  };
  return count(value);
}

/**
 * Finds what of JSON from outside could not be kept: PostgreSQL's jsonb takes neither NUL nor lone surrogates.
 *
 * @returns the first such place, a message that names the cure; undefined when everything can be kept
 */
export function findUnstorable(value: unknown): { path: PropertyKey[]; message: string } | undefined {
  const path: PropertyKey[] = [];
  const search = (part: unknown): string | undefined => {
    if (typeof part === 'string')
      return isStorable(part) ? undefined : 'must not contain the NUL character or broken characters';
    if (typeof part !== 'object' || part === null) return undefined;
    if (path.length === deepestJson) {
      path.length = 0;
      return `must be at most ${deepestJson} levels deep`;
    }
    for (const [key, member] of Object.entries(part)) {
      if (!isStorable(key)) return 'must have no key with the NUL character or broken characters';
      path.push(Array.isArray(part) ? Number(key) : key);
      const message = search(member);
      if (message !== undefined) return message;
      path.pop();
    }
    return undefined;
  };
  const message = search(value);
  return message === undefined ? undefined : { path, message };
}

function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

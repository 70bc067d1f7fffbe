import type { Mistakes, Path } from './mistakes.ts';

/** Bytes of a document as JSON, and of its text. */
export const largestDocument = 1024 * 1024;

const deepest = 64;

/**
 * Finds what would break whoever works with a document before it is even looked at: depths that overflow a stack, characters
 * that PostgreSQL cannot store.
 */
export function findUnstorable(document: unknown, text: string, mistakes: Mistakes): void {
  const waiting: { value: unknown; path: Path }[] = [{ value: document, path: [] }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { value, path } = next;
    if (typeof value === 'string' && isBroken(value)) mistakes.add(path, broken);
    if (typeof value !== 'object' || value === null) continue;
    if (path.length >= deepest) {
      mistakes.add([], `is nested deeper than ${deepest} levels`);
      return;
    }
    for (const [key, child] of Object.entries(value)) {
      if (isBroken(key)) mistakes.add(path, `has a key that ${broken}`);
      waiting.push({ value: child, path: [...path, Array.isArray(value) ? Number(key) : key] });
    }
  }
  if (isBroken(text)) mistakes.add([], broken);
  const bytes = Math.max(Buffer.byteLength(JSON.stringify(document) ?? ''), Buffer.byteLength(text));
  if (bytes > largestDocument) mistakes.add([], `is larger than ${largestDocument / 1024 / 1024} MB`);
}

const broken = 'must not contain the NUL character or broken ones';

function isBroken(text: string): boolean {
  return text.includes('\0') || !text.isWellFormed();
}

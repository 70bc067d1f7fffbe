/** The parts of a JSON pointer (RFC 6901). */
export function pointerParts(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => decodeURIComponentSafely(part).replaceAll('~1', '/').replaceAll('~0', '~'));
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A JSON pointer as a path in a document, where positions in lists are numbers. */
export function partsOf(pointer: string, document: unknown): PropertyKey[] {
  let here = document;
  return pointer
    .split('/')
    .slice(1)
    .map((encoded) => {
      const part = encoded.replaceAll('~1', '/').replaceAll('~0', '~');
      const key = Array.isArray(here) ? Number(part) : part;
      here = (here as Record<PropertyKey, unknown> | undefined)?.[key];
      return key;
    });
}

/**
 * Whether data lack what stands at a path such as `course.title`. Null and empty text are missing too: "Hello ," helps nobody.
 * Only plain names are followed; what comes after a bracket is known when the template is filled in.
 */
export function isMissing(data: object, path: string): boolean {
  let value: unknown = data;
  for (const name of path.split('[', 1)[0]!.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return true;
    value = (value as Record<string, unknown>)[name];
  }
  return isNothing(value);
}

/** What would leave a gap in a sentence. */
export function isNothing(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

/**
 * `{{ brand.colors.primary | color }}`: a value that is a colour and nothing else, so that it may stand in a style. Compiling a
 * template adds this filter to the colours of the brand.
 *
 * @throws Error naming what is allowed; never the value
 */
export function color(value: unknown): string {
  if (typeof value === 'string' && /^#(?:[0-9a-f]{3}|[0-9a-f]{6})$/i.test(value)) return value;
  throw new Error('color needs a colour in hexadecimal, such as "#2457d6"');
}

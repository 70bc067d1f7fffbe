/** The JSON that a custom provider is sent: strings of the template may contain `{to}`, `{text}`, `{from}` and `{delivery_id}`. */

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** Puts values into every string of a template. Only whole values change, never the JSON's structure. */
export function fill(template: Json, values: Readonly<Record<string, string>>): Json {
  if (typeof template === 'string') return fillText(template, values);
  if (Array.isArray(template)) return template.map((item) => fill(item, values));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, fill(value, values)]));
}

/** Puts values in the places of their names; names that are not known stay. */
export function fillText(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{(\w+)\}/g, (placeholder, name: string) =>
    Object.hasOwn(values, name) ? values[name]! : placeholder,
  );
}

/** The value at a path of members and list positions, such as `data.messages.0.id`; null unless it is a string or number. */
export function valueAt(json: unknown, path: string): string | null {
  let value = json;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return null;
    value = (value as Record<string, unknown>)[key];
  }
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
}

/** Fields whose text is read by people. Links, pictures, styles and the like stay as they are in every language. */
const words = new Set(['title', 'message', 'html', 'subject', 'preheader', 'body', 'text', 'label', 'alt_text']);

/** What of a source is translated, by its place: `subject`, `actions[0].label`, `blocks[1].text.text`. */
export function textsOf(source: object): Map<string, string> {
  const texts = new Map<string, string>();
  mapTexts(source, (text, place) => {
    texts.set(place, text);
    return text;
  });
  return texts;
}

/** The same source with other texts, where there are any for a place. */
export function withTexts<Source extends object>(source: Source, texts: ReadonlyMap<string, string>): Source {
  return mapTexts(source, (text, place) => texts.get(place) ?? text) as Source;
}

function mapTexts(value: unknown, change: (text: string, place: string) => string, place = '', name = ''): unknown {
  if (typeof value === 'string') return words.has(name) ? change(value, place) : value;
  if (Array.isArray(value)) return value.map((item, index) => mapTexts(item, change, `${place}[${index}]`));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([field, member]) => [
      field,
      mapTexts(member, change, place ? `${place}.${field}` : field, field),
    ]),
  );
}

/**
 * A value as text. Null is empty; an object is a mistake in the template, since `[object Object]` helps nobody.
 *
 * @throws Error without the value
 */
export function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return value.map(asText).join(', ');
  throw new Error('an object cannot be written out; name one of its fields');
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text that stays text wherever it stands in HTML, also within a quoted attribute. */
export function escapeHtml(value: unknown): string {
  return asText(value).replace(/[&<>"']/g, (character) => entities[character]!);
}

/** Text that stays text in Slack's markup, where `<!channel>` calls everybody and `<https://…|words>` is a link. */
function escapeMrkdwn(value: unknown): string {
  return asText(value).replace(/[&<>]/g, (character) => entities[character]!);
}

/** What a value is made safe with, by what the text around it becomes. */
export const escapes = { html: escapeHtml, text: asText, mrkdwn: escapeMrkdwn } as const;

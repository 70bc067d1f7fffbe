import { escapeHtml } from '../text.ts';

/** `{{ message | line_breaks }}` in HTML: the text escaped, its lines kept apart. */
export function lineBreaks(value: unknown): string {
  return escapeHtml(value).replace(/\r?\n/g, '<br>');
}

import { plainSpaces } from '../engine/index.ts';

/** One line: a line break in a subject would end the header. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** Plain text without the gaps that conditions leave behind. */
export function tidyText(text: string): string {
  return plainSpaces(text)
    .replace(/[ \t]+$/gm, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

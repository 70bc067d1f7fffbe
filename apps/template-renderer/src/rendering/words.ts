import { plainSpaces } from '../engine/index.ts';

/** One line: a line break in a subject would end the header. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** Plain text without the gaps that conditions leave behind. */
export function tidyText(text: string): string {
  // Not /[ \t]+$/gm, which looks at every run of spaces once for each of them.
  const lines = plainSpaces(text)
    .split('\n')
    .map((line) => line.trimEnd());
  return lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { VARIABLE_NAMES } from './configuration.ts';
import { SIMULATED_ADDRESSES, SIMULATED_NUMBERS } from './mailbox.ts';

/** Prettier pads table cells; one space each makes them comparable. */
const documentation = readFileSync(new URL('../../../docs/mailbox.md', import.meta.url), 'utf8').replace(/ +/g, ' ');

describe('docs/mailbox.md', () => {
  it.each(SIMULATED_ADDRESSES)('lists $localPart@ with what it does', ({ localPart, description }) => {
    expect(documentation).toContain(`| \`${localPart}@…\` | ${description} |`);
  });

  it.each(SIMULATED_NUMBERS)('lists $number with what it does', ({ number, name, description }) => {
    expect(documentation).toContain(`| \`${number}\` | ${name} | ${description} |`);
  });

  it.each(VARIABLE_NAMES)('explains %s', (name) => {
    expect(documentation).toContain(`| \`${name}\` |`);
  });
});

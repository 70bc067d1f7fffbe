import { describe, expect, it } from '@jest/globals';
import { bar, duration, table, wantsColour } from './terminal.mjs';

describe('what the terminal shows', () => {
  it('has a bar that fills', () => {
    expect(bar(0, 4, 4)).toBe('░░░░ 0/4');
    expect(bar(1, 4, 4)).toBe('█░░░ 1/4');
    expect(bar(4, 4, 4)).toBe('████ 4/4');
    expect(bar(0, 0, 4)).toBe('░░░░ 0/0');
  });

  it.each([
    [400, '0.4 s'],
    [12_300, '12 s'],
    [125_000, '2 min 5 s'],
  ])('says %i ms as %s', (milliseconds, text) => {
    expect(duration(milliseconds)).toBe(text);
  });

  it('aligns the columns of a table', () => {
    expect(
      table([
        ['API', 'x'],
        ['API key', 'ck_'],
      ]),
    ).toBe('  API      x\n  API key  ck_');
  });

  it('is coloured only where colours can be seen and are wanted', () => {
    expect(wantsColour({ isTTY: true }, {})).toBe(true);
    expect(wantsColour({ isTTY: false }, {})).toBe(false);
    expect(wantsColour({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
    expect(wantsColour({ isTTY: false }, { FORCE_COLOR: '1' })).toBe(true);
  });
});

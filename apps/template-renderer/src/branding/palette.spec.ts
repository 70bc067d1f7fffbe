import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { contrast, paletteOf } from './palette.ts';

const color = fc.integer({ min: 0, max: 0xffffff }).map((value) => `#${value.toString(16).padStart(6, '0')}`);

describe('the colours of a brand', () => {
  it('keeps what a tenant chose where it can be read', () => {
    const palette = paletteOf({ primary: '#2457d6', secondary: '#2457d6', background: '#f4f4f5' });
    expect(palette).toMatchObject({ primary: '#2457d6', on_primary: '#ffffff', link: '#2457d6' });
  });

  it('writes black on yellow and white on orange red', () => {
    const on = (primary: string) => paletteOf({ primary, secondary: primary, background: '#ffffff' }).on_primary;
    expect([on('#ffdd00'), on('#d9480f'), on('#000000'), on('#ffffff')]).toEqual([
      '#18181b',
      '#ffffff',
      '#ffffff',
      '#18181b',
    ]);
  });

  it('is readable whatever they are, in light and in dark', () => {
    fc.assert(
      fc.property(color, color, (primary, background) => {
        const palette = paletteOf({ primary, secondary: primary, background });
        expect(Object.values(palette).every((value) => /^#[0-9a-f]{6}$/.test(value))).toBe(true);
        expect(contrast(palette.link, '#ffffff')).toBeGreaterThanOrEqual(4.5);
        expect(contrast(palette.link_dark, '#1c1c1f')).toBeGreaterThanOrEqual(4.5);
        expect(contrast(palette.button_dark, '#1c1c1f')).toBeGreaterThanOrEqual(3);
        expect(contrast(palette.on_primary, primary)).toBeGreaterThanOrEqual(3);
        expect(contrast(palette.on_button_dark, palette.button_dark)).toBeGreaterThanOrEqual(3);
        expect(contrast(palette.on_background, background)).toBeGreaterThanOrEqual(3);
        expect(contrast(palette.quiet, background)).toBeGreaterThanOrEqual(3);
      }),
    );
  });
});

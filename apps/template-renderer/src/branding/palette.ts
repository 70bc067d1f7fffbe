import type { Brand } from '@carillon/contracts';

/** The colours of a brand, and those that follow from them: readable, whatever a tenant chose. `#rrggbb`, all of them. */
export interface Palette {
  readonly primary: string;
  readonly secondary: string;
  readonly background: string;
  /** Words on the primary colour. */
  readonly on_primary: string;
  /** Words on the background. */
  readonly on_background: string;
  /** Less important words on the background. */
  readonly quiet: string;
  /** Links on white: the primary colour, darkened as far as it must be. */
  readonly link: string;
  /** The same for the dark mode. */
  readonly link_dark: string;
  readonly button_dark: string;
  readonly on_button_dark: string;
}

/** What readers see in the dark mode behind an email's words. */
const darkCard = '#1c1c1f';
const white = '#ffffff';
const black = '#18181b';

/** The contrast that WCAG 2 asks for text, and for the outline of a control. */
const readable = 4.5;
const visible = 3;

/** @param colors `#rrggbb` */
export function paletteOf({ primary, secondary, background }: Brand['colors']): Palette {
  const onBackground = wordsOn(background);
  const buttonDark = towards(white, primary, darkCard, visible);
  return {
    primary,
    secondary,
    background,
    on_primary: wordsOn(primary),
    on_background: onBackground,
    quiet: towards(onBackground, mixed(onBackground, background, 0.65), background, readable),
    link: towards(black, primary, white, readable),
    link_dark: towards(white, primary, darkCard, readable),
    button_dark: buttonDark,
    on_button_dark: wordsOn(buttonDark),
  };
}

/** White on what is not too light, as people expect it on a button. */
function wordsOn(color: string): string {
  return contrast(white, color) >= visible || contrast(white, color) >= contrast(black, color) ? white : black;
}

/** The colour itself, mixed with another until it stands out against what is behind it. */
function towards(other: string, color: string, behind: string, atLeast: number): string {
  for (let share = 0; share < 1; share += 0.05) {
    const found = mixed(other, color, share);
    if (contrast(found, behind) >= atLeast) return found;
  }
  return other;
}

/** The contrast of two colours, from 1 to 21, as WCAG 2 defines it. */
export function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminance(color: string): number {
  const [red, green, blue] = channelsOf(color).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** @param share of the first colour, 0 to 1 */
function mixed(one: string, other: string, share: number): string {
  const [from, to] = [channelsOf(other), channelsOf(one)];
  return `#${from.map((value, index) => toHex(Math.round(value + (to[index]! - value) * share))).join('')}`;
}

function channelsOf(color: string): number[] {
  return [1, 3, 5].map((index) => parseInt(color.slice(index, index + 2), 16));
}

function toHex(value: number): string {
  return value.toString(16).padStart(2, '0');
}

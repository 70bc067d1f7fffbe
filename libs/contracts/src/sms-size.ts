/** How much room a text takes in SMS (3GPP TS 23.038 for the alphabet, TS 23.040 for concatenation). */
export interface SmsSize {
  /** `UCS-2` as soon as one character is outside the GSM alphabet; a segment then holds less than half as much. */
  readonly alphabet: 'GSM-7' | 'UCS-2';
  /** Septets, or UTF-16 units. */
  readonly units: number;
  /** How many SMS the network carries, and the provider counts. */
  readonly segments: number;
}

/** Networks concatenate more, but vendors take no longer texts (Twilio: 1,600 characters), and each segment costs. */
export const mostSegments = 10;

const basicAlphabet = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
/** Written as an escape and a second septet. */
const extension = new Set('\f^{}\\[~]|€');

/**
 * 160 septets fit into one SMS and 153 into each part of a longer text; one character outside the GSM alphabet makes it 70
 * and 67 UTF-16 units. No character is split between two parts.
 */
export function smsSizeOf(text: string): SmsSize {
  const characters = [...text];
  const gsm = characters.every((character) => basicAlphabet.has(character) || extension.has(character));
  const lengths = characters.map((character) => (gsm ? (extension.has(character) ? 2 : 1) : character.length));
  const [single, part] = gsm ? [160, 153] : [70, 67];
  const units = lengths.reduce((sum, length) => sum + length, 0);
  return { alphabet: gsm ? 'GSM-7' : 'UCS-2', units, segments: units <= single ? 1 : partsOf(lengths, part) };
}

function partsOf(lengths: readonly number[], room: number): number {
  let parts = 1;
  let used = 0;
  for (const length of lengths) {
    if (used + length > room) {
      parts += 1;
      used = 0;
    }
    used += length;
  }
  return parts;
}

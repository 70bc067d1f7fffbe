/** How many SMS a text takes (3GPP TS 23.038 for the alphabet, TS 23.040 for concatenation). */

const basicAlphabet = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
/** Written as an escape and a second septet. */
const extension = new Set('\f^{}\\[~]|€');

/**
 * 160 septets fit into one SMS and 153 into each part of a longer text; one character outside the GSM alphabet makes it 70
 * and 67 UTF-16 units. No character is split between two parts.
 */
export function segmentsOf(text: string): number {
  const characters = [...text];
  const gsm = characters.every((character) => basicAlphabet.has(character) || extension.has(character));
  const lengths = characters.map((character) => (gsm ? (extension.has(character) ? 2 : 1) : character.length));
  const [single, part] = gsm ? [160, 153] : [70, 67];
  if (lengths.reduce((sum, length) => sum + length, 0) <= single) return 1;
  let segments = 1;
  let used = 0;
  for (const length of lengths) {
    if (used + length > part) {
      segments += 1;
      used = 0;
    }
    used += length;
  }
  return segments;
}

/** GSM 03.38 (3GPP TS 23.038): characters that take one septet, and those that take two. */
const BASIC =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
const EXTENDED = '\f^{}\\[~]|€';

/** How many SMS a text takes: 160 or 70 characters in one, 153 or 67 in each of several. */
export function segmentsOf(text: string): number {
  let septets = 0;
  for (const character of text) {
    if (BASIC.includes(character)) septets += 1;
    else if (EXTENDED.includes(character)) septets += 2;
    else return countOf(text.length, 70, 67);
  }
  return countOf(septets, 160, 153);
}

function countOf(length: number, single: number, each: number): number {
  return length <= single ? 1 : Math.ceil(length / each);
}

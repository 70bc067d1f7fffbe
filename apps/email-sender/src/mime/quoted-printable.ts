/** Lines have 76 characters at most, the "=" included with which one goes on in the next (RFC 2045, 6.7). */
const longestLine = 75;

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const equals = 0x3d;
const hex = Buffer.from('0123456789ABCDEF');

/**
 * How many characters a byte takes: 1 as it is, 3 encoded; the first of a character with several bytes takes those of all, so that
 * the character stays in one line.
 */
const widths = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x80) return byte < 0xc0 ? 0 : byte < 0xe0 ? 6 : byte < 0xf0 ? 9 : 12;
  return byte === 0x09 || (byte >= 0x20 && byte < 0x7f && byte !== equals) ? 1 : 3;
});

/** Grows with the longest text, so that none needs memory of its own. */
let memory = Buffer.alloc(64 * 1024);

/**
 * Text as ASCII in short lines (RFC 2045, 6.7), line breaks as CRLF. In one pass over the bytes: nodemailer's encoder looks for the
 * best place of each break with regular expressions.
 */
export function quotedPrintable(text: string): string {
  const input = Buffer.from(text);
  const end = input.length;
  // Three for each byte, and three more for each break: no line is shorter than 64.
  const most = end * 3 + Math.ceil((end * 3) / 64 + 1) * 3;
  if (memory.length < most) memory = Buffer.alloc(most);
  const output = memory;
  let length = 0;
  let column = 0;
  for (let at = 0; at < end; at++) {
    const byte = input[at]!;
    if (byte === lineFeed) {
      output[length++] = carriageReturn;
      output[length++] = lineFeed;
      column = 0;
      continue;
    }
    let width = widths[byte]!;
    if (byte <= 0x20) {
      const next = at + 1 < end ? input[at + 1]! : lineFeed;
      if (byte === carriageReturn && next === lineFeed && at + 1 < end) continue;
      // Space at the end of a line does not arrive.
      if (next === lineFeed || next === carriageReturn) width = 3;
    }
    if (column + width > longestLine) {
      output[length++] = equals;
      output[length++] = carriageReturn;
      output[length++] = lineFeed;
      column = 0;
    }
    column += width;
    if (width === 1) {
      output[length++] = byte;
    } else {
      output[length++] = equals;
      output[length++] = hex[byte >> 4]!;
      output[length++] = hex[byte & 15]!;
    }
  }
  return output.toString('latin1', 0, length);
}

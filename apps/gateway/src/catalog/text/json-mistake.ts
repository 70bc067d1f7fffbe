import type { TextMistake } from './reading.ts';

/** What keeps a text from being JSON, and where; undefined when it is JSON. */
export function jsonMistake(text: string): TextMistake | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch {
    // The engine's own message names the place only sometimes.
    const offset = firstUnexpected(text);
    const before = text.slice(0, offset).split('\n');
    const found = offset < text.length ? JSON.stringify(text.slice(offset, offset + 1)) : 'its end';
    return {
      path: [],
      message: `is not valid JSON: ${found} is unexpected here`,
      line: before.length,
      column: before.at(-1)!.length + 1,
    };
  }
}

const blank = /[ \t\r\n]*/y;
const token =
  /[{}[\],:]|"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** Where the first token stands that JSON (RFC 8259) does not have there; the length of the text when it ends too early. */
function firstUnexpected(text: string): number {
  const open: ('}' | ']')[] = [];
  let expected: 'value' | 'first value' | 'name' | 'first name' | 'colon' | 'end of value' = 'value';
  for (let at = skip(text, 0); at < text.length; at = skip(text, token.lastIndex)) {
    token.lastIndex = at;
    const [found] = token.exec(text) ?? [];
    if (found === undefined) return at;
    const isClosing = found === open.at(-1) && ['first value', 'first name', 'end of value'].includes(expected);
    if (isClosing) {
      open.pop();
      expected = 'end of value';
    } else if (expected === 'end of value') {
      if (found !== ',' || open.length === 0) return at;
      expected = open.at(-1) === '}' ? 'name' : 'value';
    } else if (expected === 'colon') {
      if (found !== ':') return at;
      expected = 'value';
    } else if (expected === 'name' || expected === 'first name') {
      if (!found.startsWith('"')) return at;
      expected = 'colon';
    } else if (found === '{' || found === '[') {
      open.push(found === '{' ? '}' : ']');
      expected = found === '{' ? 'first name' : 'first value';
    } else {
      if (/^[}\],:]/.test(found)) return at;
      expected = 'end of value';
    }
  }
  return text.length;
}

function skip(text: string, at: number): number {
  blank.lastIndex = at;
  blank.exec(text);
  return blank.lastIndex;
}

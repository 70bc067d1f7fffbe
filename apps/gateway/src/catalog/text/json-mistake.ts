import type { FieldError } from '@carillon/contracts';

/** What keeps a text from being JSON, and where; undefined when it is JSON. */
export function jsonMistake(text: string): FieldError | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    const { message } = error as SyntaxError;
    // V8 names the position, unless the text ends too early.
    const offset = Number(/at position (\d+)/.exec(message)?.[1] ?? text.length);
    const before = text.slice(0, offset).split('\n');
    return {
      path: '(root)',
      message: `is not valid JSON: ${message.replace(/( in JSON)? at position.*/s, '')}`,
      line: before.length,
      column: before.at(-1)!.length + 1,
    };
  }
}

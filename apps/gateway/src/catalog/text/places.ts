import { isMap, isScalar, isSeq, type Document, type LineCounter, type Node } from 'yaml';

/** In a text, counted from 1. */
export interface Place {
  line: number;
  column: number;
}

/** Where the parts of a document stand in its text. */
export class Places {
  private readonly document: Document;
  private readonly lines: LineCounter;

  constructor(document: Document, lines: LineCounter) {
    this.document = document;
    this.lines = lines;
  }

  /** @param offset in characters */
  at(offset: number): Place {
    const { line, col } = this.lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  /**
   * Where the key or the list item stands that a path ends at; for what is missing, the part that it is missing from.
   * @param path in the notation of `FieldError`: `types.lesson_scheduled.reminders[0].at`
   */
  of(path: string): Place {
    let node: unknown = this.document.contents;
    let stands = node as Node | null;
    for (let rest = path; rest !== '';) {
      const step = isMap(node) ? memberAt(node.items, rest) : isSeq(node) ? itemAt(node.items, rest) : undefined;
      if (!step) break;
      ({ stands, node, rest } = step);
    }
    return this.at(stands?.range?.[0] ?? 0);
  }
}

interface Step {
  stands: Node;
  node: unknown;
  rest: string;
}

/** Keys may contain dots themselves, so the longest that fits is meant. */
function memberAt(items: { key: unknown; value: unknown }[], path: string): Step | undefined {
  let found: Step | undefined;
  for (const { key, value } of items) {
    if (!isScalar(key)) continue;
    const name = String(key.value);
    const rest = path.slice(name.length);
    if (path.startsWith(name) && /^([.[]|$)/.test(rest) && (!found || rest.length < found.rest.length))
      found = { stands: key, node: value, rest: rest.replace(/^\./, '') };
  }
  return found;
}

function itemAt(items: unknown[], path: string): Step | undefined {
  const [step, index] = /^\[(\d+)\]\.?/.exec(path) ?? [];
  const node = items[Number(index)] as Node | undefined;
  return step && node ? { stands: node, node, rest: path.slice(step.length) } : undefined;
}

import { isDeepStrictEqual } from 'node:util';
import { isMap, isNode, type Document, type YAMLMap } from 'yaml';
import { parsed, type CatalogText } from './reading.ts';

/** The parts of a document that can be written one by one. */
export type Section = 'types' | 'categories' | 'sources';

type Members = Record<string, unknown>;

/**
 * A document that can be read, with one part put, or removed where it is undefined. Whatever else it says stays as it is written,
 * with its comments.
 */
export function withPart(text: CatalogText, section: Section, key: string, part: object | undefined): CatalogText {
  const { reading, document } = parsed(text);
  const before = (reading as { value: unknown }).value as Partial<Record<string, Members>>;
  const { [section]: parts, ...others } = before;
  const { [key]: _, ...rest } = parts ?? {};
  const left = part === undefined ? rest : { ...parts, [key]: part };
  const after = Object.keys(left).length > 0 ? { ...others, [section]: left } : others;
  if (text.format === 'json') return { format: 'json', text: `${JSON.stringify(after, null, 2)}\n` };

  if (isMap(document!.contents)) rewrite(document!, document!.contents, before, after);
  return {
    format: 'yaml',
    // An alias whose original is gone is named when the text is read again.
    text: document!.toString({ lineWidth: 0, flowCollectionPadding: false, verifyAliasOrder: false }),
  };
}

/** Makes a mapping that says one thing say another, and touches only what differs. */
function rewrite(document: Document, map: YAMLMap, before: Members, after: Members): void {
  if (map.items.length === 0) map.flow = false; // `{}` is how an empty one is written
  for (const name of Object.keys(before)) if (!Object.hasOwn(after, name)) map.delete(name);
  for (const [name, value] of Object.entries(after)) {
    const was = Object.hasOwn(before, name) ? before[name] : undefined;
    if (isDeepStrictEqual(was, value)) continue;
    const node = map.get(name, true);
    // What has an anchor may be repeated elsewhere, where nobody wanted a change.
    const isOwn = !(isNode(node) && 'anchor' in node && node.anchor);
    if (isOwn && isMap(node) && isObject(was) && isObject(value)) rewrite(document, node, was, value);
    // A plain value given to a scalar keeps the scalar's comment.
    else map.set(name, isOwn && Object(value) !== value ? value : document.createNode(value));
  }
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

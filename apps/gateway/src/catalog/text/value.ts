import { isAlias, isMap, isScalar, isSeq, type Document, type Node, type YAMLMap } from 'yaml';
import type { Places } from './places.ts';
import type { TextMistake } from './reading.ts';

/** Enough to see what is wrong. */
const mostMistakes = 20;

/**
 * What a document says as plain data, made in one pass that also finds what the parser takes without complaint although it says
 * something else than it seems to: keys that are there twice, tags, numbers that are none, aliases of what is not there.
 */
export class Value {
  readonly value: unknown;
  readonly mistakes: TextMistake[] = [];
  /** Characters with every alias written out, roughly. Where it is larger than asked for, the value is not complete. */
  size = 0;
  private readonly anchors = new Map<string, { value?: unknown; size?: number }>();
  private readonly path: PropertyKey[] = [];

  private readonly places: Places;
  private readonly mostSize: number;

  constructor(document: Document, places: Places, mostSize: number) {
    this.places = places;
    this.mostSize = mostSize;
    this.value = this.of(document.contents);
  }

  private of(node: unknown): unknown {
    if (isAlias(node)) return this.alias(node, node.source);
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return null;
    if (node.tag && !coreTags.has(node.tag))
      this.mistaken(node, 'must not have a tag of its own; remove what begins with "!"');
    const before = this.size++;
    const anchor = node.anchor === undefined ? undefined : {};
    if (node.anchor) this.anchors.set(node.anchor, anchor!);
    const value = isMap(node)
      ? this.members(node)
      : isSeq(node)
        ? this.items(node.items)
        : this.scalar(node, node.value);
    if (anchor) Object.assign(anchor, { value, size: this.size - before });
    return value;
  }

  private members({ items }: YAMLMap): Record<string, unknown> {
    const members: Record<string, unknown> = {};
    for (const { key, value } of items) {
      if (this.isOver) break;
      const name = isScalar(key) ? String(key.value) : '';
      this.path.push(name);
      this.size += name.length;
      if (name === '__proto__') this.mistaken(key as Node, 'is not a known field; remove it');
      else if (Object.hasOwn(members, name)) this.mistaken(key as Node, 'is there twice; remove one of the two');
      else members[name] = this.of(value);
      this.path.pop();
    }
    return members;
  }

  private items(nodes: unknown[]): unknown[] {
    const items: unknown[] = [];
    for (const node of nodes) {
      if (this.isOver) break;
      this.path.push(items.length);
      items.push(this.of(node));
      this.path.pop();
    }
    return items;
  }

  private scalar(node: Node, value: unknown): unknown {
    if (typeof value === 'number' && !Number.isFinite(value))
      this.mistaken(node, 'is no number; quote it if text is meant');
    this.size += String(value).length;
    return value;
  }

  private alias(node: Node, name: string): unknown {
    const meant = this.anchors.get(name);
    if (!meant) this.mistaken(node, `*${name} must come after the &${name} that it repeats`);
    else if (meant.size === undefined) this.mistaken(node, `*${name} must not be a part of what it repeats`);
    this.size += meant?.size ?? 0;
    return meant?.value;
  }

  private mistaken(node: Node, message: string): void {
    this.mistakes.push({ path: [...this.path], message, ...this.places.at(node.range?.[0] ?? 0) });
  }

  private get isOver(): boolean {
    return this.size > this.mostSize || this.mistakes.length >= mostMistakes;
  }
}

/** What the core schema of YAML 1.2 knows. */
const coreTags = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`),
);

import { AssignTag, EchoTag, Output, Value, type Template } from 'liquidjs';
import { engineOf, type ParsedPart } from './engine.ts';
import { PartialTag } from './partial-tag.ts';

/** Which of the event's data a part uses, found in its source. */
export interface PartVariables {
  /** Written out whatever happens: rendering fails without them. Paths such as `course.title`. */
  required: string[];
  /** Looked at in a condition, or given a default. */
  optional: string[];
}

/** Names that Carillon itself gives to every template. */
export const reservedNames = ['recipient', 'brand', 'notification', 'now', 'unsubscribe_url'] as const;

/** Beside these, short names of what the brand has; data of the same name are seen instead. */
export const brandNames = ['site_name', 'frontend_url', 'support_email'] as const;

/** What partials see besides their arguments. */
export const givenNames: readonly string[] = [...reservedNames, ...brandNames];

/** @returns the part's variables, sorted, without those that Carillon gives */
export function variablesOf(part: ParsedPart): PartVariables {
  const all = namesIn(part, part.nodes);
  const always = new Set(namesIn(part, unconditional(part.nodes)));
  // A name that is assigned or captured higher up is none of the data: only the whole part tells.
  return { required: all.filter((name) => always.has(name)), optional: all.filter((name) => !always.has(name)) };
}

/** Whether what it says may differ between two recipients with the same language and time zone. */
export function isPersonal({ kind, nodes }: ParsedPart): boolean {
  return engineOf(kind)
    .globalVariablesSync(nodes)
    .some((name) => ['recipient', 'notification', 'unsubscribe_url'].includes(name));
}

function namesIn({ kind }: ParsedPart, nodes: Template[]): string[] {
  const names = engineOf(kind).globalFullVariablesSync(nodes);
  return names.filter((name) => !givenNames.includes(name.split(/[.[]/, 1)[0]!)).sort();
}

/** What of these nodes is written out or assigned whatever the data are. */
export function unconditional(nodes: readonly Template[]): Template[] {
  return nodes.flatMap((node) => {
    if (node instanceof PartialTag) return [{ ...node, arguments: () => node.needed() } as unknown as Template];
    return isUnconditional(node) ? [node] : [];
  });
}

/** Written out or assigned outside any condition and without a default. */
function isUnconditional(node: Template): boolean {
  const value = (node as { value?: unknown }).value;
  const writes = node instanceof Output || node instanceof EchoTag || node instanceof AssignTag;
  return writes && !(value instanceof Value && value.filters[0]?.name === 'default');
}

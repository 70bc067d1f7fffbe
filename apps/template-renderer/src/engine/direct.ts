import {
  IfTag,
  Output,
  TokenKind,
  toValueSync,
  type Context,
  type Emitter,
  type Filter,
  type Template,
  type Value,
} from 'liquidjs';
import { engineOf, type ParsedPart } from './engine.ts';
import { PartialTag } from './partial-tag.ts';
import { leavesGap, MissingVariable } from './strict-context.ts';
import { escapes } from './text.ts';

/**
 * LiquidJS evaluates everything through generators, so that a filter may be asynchronous. Ours are not, and nearly all
 * of a template is plain text, `{{ name | filter: argument }}` and `{% if name %}`. These nodes are replaced by functions
 * that do the same; everything else stays LiquidJS' own.
 *
 * For sending only: the analysis of variables needs the original nodes. Changes the part's nodes in place.
 */
export function makeDirect(part: ParsedPart): ParsedPart {
  replaceNodes(part, part.nodes);
  return part;
}

/** LiquidJS exports the kind of this token, not its class. */
type HtmlToken = Template['token'] & { getContent(): string };

type Evaluate = (context: Context) => unknown;

function replaceNodes(part: ParsedPart, nodes: Template[]): void {
  nodes.forEach((node, index) => {
    if (node.token.kind === TokenKind.HTML) {
      const text = (node.token as HtmlToken).getContent();
      nodes[index] = nodeOf(node, (_, emitter) => emitter.write(text));
    } else if (node instanceof Output) {
      const value = directOutput(part, node.value);
      if (value) nodes[index] = nodeOf(node, (context, emitter) => emitter.write(value(context)));
    } else if (node instanceof IfTag) {
      for (const branch of node.branches) {
        const condition = branch.value.filters.length === 0 && directExpression(branch.value, true);
        if (condition) branch.value = { value: condition } as unknown as Value;
        replaceNodes(part, branch.templates);
      }
      replaceNodes(part, node.elseTemplates ?? []);
    } else if (node instanceof PartialTag) {
      replaceNodes(part, node.templates);
    }
  });
}

function nodeOf({ token }: Template, render: (context: Context, emitter: Emitter) => void): Template {
  return { token, render } as unknown as Template;
}

/** The value with its filters and escaping, or undefined where it is not simple. */
function directOutput({ kind }: ParsedPart, { initial, filters }: Value): Evaluate | undefined {
  // LiquidJS appends the escaping as a filter without a registered name, unless the last filter is raw.
  const named = filters.filter(({ name }) => Object.hasOwn(engineOf(kind).filters, name));
  const first = directExpression({ initial } as Value, named[0]?.name === 'default');
  const steps = named.map((filter) => directFilter(kind, filter));
  if (!first || !steps.every((step) => step !== undefined)) return undefined;
  const escape = filters.length === named.length ? (value: unknown) => value : escapes[kind];
  return (context) => {
    let value = first(context);
    for (const step of steps) value = step(value, context);
    return escape(value);
  };
}

function directFilter(
  kind: ParsedPart['kind'],
  filter: Filter,
): ((value: unknown, context: Context) => unknown) | undefined {
  const liquid = engineOf(kind);
  const registered = liquid.filters[filter.name]!;
  const handler = typeof registered === 'function' ? registered : registered.handler;
  const parameters = filter.args.map((arg) => (Array.isArray(arg) ? undefined : directToken(arg, false)));
  if (!handler || !parameters.every((parameter) => parameter !== undefined)) return undefined;
  const token = filter['token'];
  return (value, context) => {
    const values = parameters.map((parameter) => parameter(context));
    return toValueSync(handler.call({ context, token, liquid }, value, ...values));
  };
}

function directExpression({ initial }: Value, lenient: boolean): Evaluate | undefined {
  return initial.postfix.length === 1 ? directToken(initial.postfix[0]!, lenient) : undefined;
}

/** A literal, or a path of plain names. */
function directToken(token: object, lenient: boolean): Evaluate | undefined {
  if ('content' in token) return () => token.content;
  if (!('props' in token) || ('variable' in token && token.variable)) return undefined;
  const props = token.props as object[];
  if (!props.every((prop): prop is { content: string | number } => 'content' in prop)) return undefined;
  const path = props.map(({ content }) => content);
  return (context) => {
    const scope: unknown = context['findScope'](path[0] as string);
    let value = scope;
    for (let depth = 0; depth < path.length; depth++) {
      value = context.readProperty(value as object, path[depth]!);
      if (value === undefined) {
        if (lenient) return null;
        throw new MissingVariable(path.slice(0, depth + 1).join('.'));
      }
    }
    if (leavesGap(context, scope, path, value)) {
      if (lenient) return null;
      throw new MissingVariable(path.join('.'));
    }
    return value;
  };
}

import {
  evalToken,
  Hash,
  Tag,
  Tokenizer,
  type Context,
  type Emitter,
  type Liquid,
  type Parser,
  type TagToken,
  type Template,
  type TopLevelToken,
  type ValueToken,
} from 'liquidjs';
import { StrictContext } from './strict-context.ts';
import { givenNames, unconditional } from './variables.ts';

/**
 * `{% partial street: student.street %}…{% endpartial %}`: what a `{% render %}` becomes when a template is saved. Its content
 * sees the arguments and what Carillon gives, none of the data around it and nothing that is assigned there.
 */
export class PartialTag extends Tag {
  readonly templates: Template[] = [];
  private readonly given: Record<string, ValueToken | undefined>;

  constructor(token: TagToken, remaining: TopLevelToken[], liquid: Liquid, parser: Parser) {
    super(token, remaining, liquid);
    this.given = new Hash(this.tokenizer).hash as Record<string, ValueToken | undefined>;
    const stream = parser
      .parseStream(remaining)
      .on('template', (template: Template) => void this.templates.push(template))
      .on('tag:endpartial', () => stream.stop())
      .on('end', () => {
        throw new Error(`tag ${token.getText()} not closed`);
      });
    stream.start();
  }

  *render(context: Context, emitter: Emitter): Generator<unknown, void, unknown> {
    // Without a prototype, like everything that a template sees.
    const scope = Object.create(null) as Record<string, unknown>;
    const around = context.environments as Record<string, unknown>;
    for (const name of givenNames) if (Object.hasOwn(around, name)) scope[name] = around[name];
    for (const [name, value] of Object.entries(this.given)) {
      // What is not there is not passed on, so that the partial may ask for it: {% if link %}.
      const passed = value === undefined ? true : yield evalToken(value, context, true);
      if (passed !== null && passed !== undefined) scope[name] = passed;
    }
    const { opts, renderLimit, memoryLimit, liquid } = context;
    const inside = new StrictContext(scope, opts, { sync: true }, { renderLimit, memoryLimit, liquid });
    inside.setRegister('formatting', context.getRegister('formatting'));
    yield this.liquid.renderer.renderTemplates(this.templates, inside, emitter);
  }

  /** For the analysis of variables: what the content uses, in the words of whatever stands around it. */
  *arguments(): Generator<ValueToken> {
    yield* this.outside(this.templates);
  }

  /** What the content cannot do without. */
  *needed(): Generator<ValueToken> {
    yield* this.outside(unconditional(this.templates));
  }

  /** LiquidJS' own analysis follows arguments through one partial only, not through partials within partials. */
  private *outside(nodes: Template[]): Generator<ValueToken> {
    for (const path of this.liquid.globalFullVariablesSync(nodes)) {
      const root = path.split(/[.[]/, 1)[0]!;
      const known = Object.hasOwn(this.given, root);
      const passed = this.given[root];
      // A literal is none of the data.
      if (known && !(passed && 'props' in passed)) continue;
      const text = known ? passed!.getText() + path.slice(root.length) : path;
      const value = new Tokenizer(text).readValue();
      if (value) yield value;
    }
  }
}

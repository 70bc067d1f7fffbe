import {
  RenderTag,
  TokenKind,
  type Liquid,
  type Parser,
  type TagToken,
  type Template,
  type TopLevelToken,
} from 'liquidjs';

/**
 * `{% render 'footer', street: student.street %}` as an author writes it. Only read, never rendered: saving puts the partial
 * itself in its place.
 */
export class NamedPartialTag extends RenderTag {
  constructor(token: TagToken, remaining: TopLevelToken[], liquid: Liquid, parser: Parser) {
    if (token.kind !== TokenKind.Tag) {
      throw new Error(`write {% ${token.getText().trim()} %} as a tag of its own, outside {% liquid %}`);
    }
    super(token, remaining, liquid, parser);
    if (typeof this['file'] !== 'string') {
      throw new Error("render needs the name of a partial in quotes, such as {% render 'footer' %}");
    }
  }

  /** The analysis of variables does not follow it: the arguments are all that a source knows. */
  override *children(): Generator<unknown, Template[]> {
    return [];
  }

  override partialScope(): undefined {}

  override *render(): Generator<unknown, void, unknown> {
    throw new Error('a partial was not put in its place');
  }
}

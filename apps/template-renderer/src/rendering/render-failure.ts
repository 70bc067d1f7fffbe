import type { Channel } from '@carillon/contracts';
import type { ParsedTemplate } from '../templates/parsed-template.ts';

/** One channel of a notification cannot be rendered. The message names template and cause, never the data. */
export class RenderFailure extends Error {
  override readonly name = 'RenderFailure';
  readonly channel: Channel;

  /** @param missing the variables that the event's data lack, where that is the reason */
  constructor(
    template: ParsedTemplate | Channel,
    reason: string,
    readonly missing?: string[],
  ) {
    super(`${typeof template === 'string' ? template : nameOf(template)}: ${reason}`);
    this.channel = typeof template === 'string' ? template : template.channel;
  }

  static missing(template: ParsedTemplate, variables: string[]): RenderFailure {
    const names = variables.map((variable) => `"${variable}"`).join(', ');
    return new RenderFailure(
      template,
      `the event's data have no ${names}; send ${variables.length > 1 ? 'them' : 'it'} in data`,
      variables,
    );
  }
}

function nameOf({ type, channel, locale, version }: ParsedTemplate): string {
  return `${channel} (template ${type} v${version}, ${locale})`;
}

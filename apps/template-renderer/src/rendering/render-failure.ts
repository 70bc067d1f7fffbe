import type { Channel } from '@carillon/contracts';
import { reservedNames, type LimitName } from '../engine/index.ts';
import type { TemplateKey } from '../templates/template.ts';

/** Why one channel of a notification has no words. */
export interface ChannelFailure {
  channel: Channel;
  /** Names template and cause, never the data. */
  message: string;
  /** The variables that the event's data lack, where that is the reason. */
  missing?: string[];
  /** What the template took too much of, where that is the reason. */
  limit?: LimitName;
}

type Version = TemplateKey & { version: number };

/** One channel of a notification cannot be rendered. The message names template and cause, never the data. */
export class RenderFailure extends Error implements ChannelFailure {
  override readonly name = 'RenderFailure';
  readonly channel: Channel;

  /**
   * @param missing the variables that the event's data lack, where that is the reason
   * @param limit what the template took too much of, where that is the reason
   */
  constructor(
    template: Version | Channel,
    readonly reason: string,
    readonly missing?: string[],
    readonly limit?: LimitName,
  ) {
    super(`${typeof template === 'string' ? template : nameOf(template)}: ${reason}`);
    this.channel = typeof template === 'string' ? template : template.channel;
  }

  static missing(template: Version, variables: string[]): RenderFailure {
    const isGiven = (variable: string) => reservedNames.includes(variable.split('.', 1)[0] as never);
    const given = variables.filter(isGiven);
    const brought = variables.filter((variable) => !isGiven(variable));
    const reasons = [
      ...(brought.length > 0
        ? [`the event's data have no ${quoted(brought)}; send ${brought.length > 1 ? 'them' : 'it'} in data`]
        : []),
      ...given.map((name) => `there is no "${name}"; give it a default in the template: {{ ${name} | default: '…' }}`),
    ];
    return new RenderFailure(template, reasons.join('; '), variables);
  }
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}

function nameOf({ type, channel, locale, version }: Version): string {
  return `${channel} (template ${type} v${version}, ${locale})`;
}

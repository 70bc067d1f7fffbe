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

/** What is wrong with one part of a template. */
export interface PartFailure {
  /** `subject`, `html`, `actions[0].url` */
  name: string;
  reason: string;
}

type Version = TemplateKey & { version: number };

/** One channel of a notification cannot be rendered. The message names template and cause, never the data. */
export class RenderFailure extends Error implements ChannelFailure {
  override readonly name = 'RenderFailure';
  readonly channel: Channel;

  /**
   * @param missing the variables that the event's data lack, where that is the reason
   * @param limit what the template took too much of, where that is the reason
   * @param parts what is wrong with which of its parts, besides what is missing
   */
  constructor(
    template: Version | Channel,
    readonly reason: string,
    readonly missing?: string[],
    readonly limit?: LimitName,
    readonly parts?: PartFailure[],
  ) {
    super(`${typeof template === 'string' ? template : nameOf(template)}: ${reason}`);
    this.channel = typeof template === 'string' ? template : template.channel;
  }

  /** For everything that is wrong at once. @param variables those that are missing */
  static of(template: Version, variables: string[], parts: PartFailure[]): RenderFailure {
    const isGiven = (variable: string) => reservedNames.includes(variable.split('.', 1)[0] as never);
    const given = variables.filter(isGiven);
    const brought = variables.filter((variable) => !isGiven(variable));
    const reasons = [
      ...(brought.length > 0
        ? [`the event's data have no ${quoted(brought)}; send ${brought.length > 1 ? 'them' : 'it'} in data`]
        : []),
      ...given.map((name) => `there is no "${name}"; give it a default in the template: {{ ${name} | default: '…' }}`),
      ...parts.map(({ name, reason }) => `${name}: ${reason}`),
    ];
    const missing = variables.length > 0 ? variables : undefined;
    return new RenderFailure(template, reasons.join('; '), missing, undefined, parts);
  }
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}

function nameOf({ type, channel, locale, version }: Version): string {
  return `${channel} (template ${type} v${version}, ${locale})`;
}

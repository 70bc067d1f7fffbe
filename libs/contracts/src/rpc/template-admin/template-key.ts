import { z } from 'zod';
import { channels, type Channel } from '../../words.ts';

/**
 * Names a template in one segment of a path: `invoice_issued.email.sw-KE`, its type, channel and language. None of the three has
 * a dot.
 */
export const templateKeySchema = z
  .string()
  .regex(
    new RegExp(`^[a-z0-9][a-z0-9_-]{0,63}\\.(${channels.join('|')})\\.[A-Za-z0-9_-]{2,35}$`),
    `must be type.channel.language, such as invoice_issued.email.sw; channels are ${channels.join(', ')}`,
  );

/** The three parts of a {@link templateKeySchema}. */
export interface TemplateKeyParts {
  type: string;
  channel: Channel;
  locale: string;
}

/** @param key as {@link templateKeySchema} takes it */
export function partsOfTemplateKey(key: string): TemplateKeyParts {
  const [type, channel, locale] = key.split('.') as [string, Channel, string];
  return { type, channel, locale };
}

/** The key with these parts. */
export function templateKeyOf({ type, channel, locale }: TemplateKeyParts): string {
  return `${type}.${channel}.${locale}`;
}

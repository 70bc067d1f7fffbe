import { notificationRouted, saveBrand, type Channel, type NotificationRouted } from '@carillon/contracts';
import { templateBrandOf } from '../branding/brand.ts';
import { loadBuiltIns, type BuiltIn } from '../built-in/load.ts';
import { compileTemplate } from '../compile/compile.ts';
import { parseTemplate, type ParsedTemplate } from '../templates/parsed-template.ts';
import type { Brand } from '../rendering/scope.ts';

export const brand: Brand = templateBrandOf({
  ...saveBrand.example.response.brand,
  logo_url: null,
  support_phone: null,
  default_locale: 'en',
});

export const now = new Date('2026-11-21T09:30:00Z');

/** A notification with one delivery on each of the channels. */
export function routedTo(channels: readonly Channel[], changes: Partial<NotificationRouted> = {}): NotificationRouted {
  const deliveries = channels.map((channel) => ({
    delivery_id: `delivery-${channel}`,
    channel,
    address: `${channel}-17`,
  }));
  return { ...notificationRouted.example, deliveries, ...changes };
}

/** The built-in templates of every type in one language by channel, compiled as if they had been published. */
export async function compiledBuiltIns(
  builtIns: readonly BuiltIn[] = loadBuiltIns(),
  inLocale = 'en',
): Promise<Map<string, Map<Channel, ParsedTemplate>>> {
  const types = new Map<string, Map<Channel, ParsedTemplate>>();
  for (const { type, locale, template, layout } of builtIns) {
    if (locale !== inLocale) continue;
    const compiled = await compileTemplate(template, locale, layout);
    const key = { tenant: '', type, channel: template.channel, locale };
    const channels = types.get(type) ?? new Map<Channel, ParsedTemplate>();
    types.set(type, channels.set(template.channel, parseTemplate({ ...key, version: 1, compiled })));
  }
  return types;
}

import { z } from 'zod';
import { defineRpc } from '../../define.ts';

const line = z
  .string()
  .trim()
  .min(1, 'must not be empty; send null to go back to the default')
  .max(100, 'must have at most 100 characters')
  // A line break would end a mail header.
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters or broken characters');

const addressOf = (protocol: RegExp, error: string) =>
  z
    .url({ protocol, error })
    .max(2000)
    // A quote or a bracket has no place in an address, and this one stands in everything that is sent.
    .regex(/^[^\s"'<>\\]*$/, 'must not contain spaces, quotes or brackets')
    .overwrite((url) => url.replace(/\/+$/, ''));

const address = addressOf(/^https?$/, 'must be an address such as https://app.example.org');

/** `#2457d6`; `#25d` is short for `#2255dd`. */
export const colorSchema = z
  .string()
  .regex(/^#(?:[0-9a-f]{3}|[0-9a-f]{6})$/i, 'must be a colour in hexadecimal, such as #2457d6')
  .overwrite((color) => (color.length === 4 ? color.replace(/[^#]/g, '$&$&') : color).toLowerCase());

const languageNames = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' });

/** A language that exists, with script and region where they matter: `en`, `sw`, `pt-BR`. */
export const knownLocaleSchema = z
  .string()
  .max(35)
  // What is none has no canonical form either.
  .refine(isKnownLocale, { error: 'must be a language tag, such as en, sw or pt-BR', abort: true })
  .overwrite((locale) => Intl.getCanonicalLocales(locale.replaceAll('_', '-'))[0]!);

/** `english` has the shape of a language tag, but is none. */
function isKnownLocale(locale: string): boolean {
  try {
    return languageNames.of(new Intl.Locale(locale.replaceAll('_', '-')).language) !== undefined;
  } catch {
    return false;
  }
}

/** What a tenant says of itself. What is left out, or null, is as the installation's settings say. */
export const brandSettingsSchema = z.strictObject({
  /** As people know you: the name that messages are from. */
  name: line.nullish(),
  /** A picture in the head of emails, PNG or JPEG, at best 80 pixels high; instead of the name. */
  logo_url: addressOf(/^https$/, 'must be an address that begins with https://').nullish(),
  colors: z
    .strictObject({
      /** Of buttons and links. */
      primary: colorSchema.nullish(),
      /** For layouts and templates of your own. */
      secondary: colorSchema.nullish(),
      /** Around the card that an email's words stand on. */
      background: colorSchema.nullish(),
    })
    .nullish(),
  /** Your public site. */
  site_url: address.nullish(),
  /** Your app, if it has another address: links that begin with "/" are completed with it. */
  frontend_url: address.nullish(),
  /** Where people can write for help. */
  support_email: z.email({ error: 'must be an email address such as help@example.org' }).max(254).nullish(),
  /** Where they can call. */
  support_phone: z
    .string()
    .trim()
    .regex(/^\+?[0-9][0-9 ()/.-]{2,39}$/, 'must be a phone number such as +254 711 000 777')
    .nullish(),
  /** Any other way to ask for help: a page. */
  support_url: address.nullish(),
  /** The language of people whose own you have no words in. */
  default_locale: knownLocaleSchema.nullish(),
});
export type BrandSettings = z.infer<typeof brandSettingsSchema>;

/** Whose messages these are, complete: what templates see as `brand`. */
export const brandSchema = z.object({
  name: z.string(),
  logo_url: z.string().nullable(),
  colors: z.object({ primary: z.string(), secondary: z.string(), background: z.string() }),
  /** Without a slash at the end, like all addresses here. */
  site_url: z.string(),
  frontend_url: z.string(),
  support_email: z.string().nullable(),
  support_phone: z.string().nullable(),
  support_url: z.string().nullable(),
  /** BCP 47 */
  default_locale: z.string(),
});
export type Brand = z.infer<typeof brandSchema>;

export const brandAnswerSchema = z.object({
  /** What is in force. */
  brand: brandSchema,
  /** What you said yourself, as `PUT` takes it; everything else is the installation's. */
  settings: brandSettingsSchema,
  /** Null where nothing was ever said. */
  updated_at: z.string().nullable(),
  /** The name of the API key. */
  updated_by: z.string().nullable(),
});
export type BrandAnswer = z.infer<typeof brandAnswerSchema>;

const exampleSettings: BrandSettings = {
  name: 'Umoja School',
  logo_url: 'https://umoja.example/logo.png',
  colors: { primary: '#0f766e' },
  site_url: 'https://umoja.example',
  support_email: 'help@umoja.example',
  support_phone: '+254 711 000 777',
  default_locale: 'sw',
};

const exampleAnswer: BrandAnswer = {
  brand: {
    name: 'Umoja School',
    logo_url: 'https://umoja.example/logo.png',
    colors: { primary: '#0f766e', secondary: '#0f766e', background: '#f4f4f5' },
    site_url: 'https://umoja.example',
    frontend_url: 'https://umoja.example',
    support_email: 'help@umoja.example',
    support_phone: '+254 711 000 777',
    support_url: null,
    default_locale: 'sw',
  },
  settings: exampleSettings,
  updated_at: '2026-11-21T09:30:00.000Z',
  updated_by: 'console',
};

const getRequest = z.object({ tenant: z.string() });

export const getBrand = defineRpc<z.infer<typeof getRequest>, BrandAnswer>({
  name: 'renderer.brand.get.v1',
  service: 'template-renderer',
  summary: 'Whose messages a tenant’s are: name, logo, colours, addresses, language.',
  request: getRequest,
  response: brandAnswerSchema,
  example: { request: { tenant: 'default' }, response: exampleAnswer },
});

const saveRequest = z.object({
  tenant: z.string(),
  settings: brandSettingsSchema,
  /** Whether what is left out stays as it is, rather than going back to the default. */
  merge: z.boolean(),
  by: z.string(),
});

/** In use everywhere as soon as the replicas hear of it. */
export const saveBrand = defineRpc<z.infer<typeof saveRequest>, BrandAnswer>({
  name: 'renderer.brand.save.v1',
  service: 'template-renderer',
  summary: 'Sets a tenant’s brand.',
  request: saveRequest,
  response: brandAnswerSchema,
  example: {
    request: { tenant: 'default', settings: exampleSettings, merge: false, by: 'console' },
    response: exampleAnswer,
  },
});

import { readFileSync } from 'node:fs';
import { emailRendered, inAppRendered, smsRendered, type Channel } from '@carillon/contracts';
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { renderNotification } from '../rendering/render-notification.ts';
import type { ParsedTemplate } from '../templates/parsed-template.ts';
import { brand, compiledBuiltIns, now, routedTo } from '../testing/sample.ts';
import { describeBuiltIns } from './describe.ts';

const types = describeBuiltIns();
const contracts = { in_app: inAppRendered, email: emailRendered, sms: smsRendered };
/** By language, type and channel. */
const templates = new Map<string, Map<string, Map<Channel, ParsedTemplate>>>();
/** In each of its languages. */
const written = types.flatMap((type) => type.locales.map((locale) => ({ ...type, locale })));

beforeAll(async () => {
  for (const locale of new Set(written.map(({ locale }) => locale))) {
    templates.set(locale, await compiledBuiltIns(undefined, locale));
  }
});

function render(locale: string, type: string, data: Record<string, unknown>, name: string | null = 'Amina Otieno') {
  const { channels } = types.find((described) => described.type === type)!;
  const recipient = { id: 'parent-17', name, locale, time_zone: 'Africa/Nairobi' };
  return renderNotification(
    routedTo(channels, { type, data, recipient }),
    templates.get(locale)!.get(type)!,
    brand,
    now,
  );
}

describe.each(written)('the built-in $type in $locale', ({ type, locale, channels, required, optional, sample }) => {
  const onlyRequired = Object.fromEntries(required.map((name) => [name, sample[name]]));

  it('has a sample of exactly its variables', () => {
    expect(Object.keys(sample).filter((name) => !required.includes(name) && !optional.includes(name))).toEqual([]);
    expect(required.filter((name) => !(name in sample))).toEqual([]);
  });

  it.each([
    ['its sample', sample],
    ['only what is required', onlyRequired],
    ['optional values that are null', { ...Object.fromEntries(optional.map((name) => [name, null])), ...onlyRequired }],
  ])('renders on all its channels with %s', (_, data) => {
    for (const name of ['Amina Otieno', null]) {
      const { deliveries, failures } = render(locale, type, data, name);
      expect(failures).toEqual([]);
      expect(deliveries.map(({ channel }) => channel)).toEqual(channels);
      for (const { channel, data } of deliveries) {
        expect(contracts[channel].schema.parse(data)).toEqual(data);
        const { title, message, subject, html, text } = data as unknown as Record<string, string>;
        const words = [title, message, subject, html, text].join('\n');
        expect(words).not.toMatch(/undefined|\bnull\b|\{\{|\{%|\[object|[\uE000\uE001]|<\/?mj-/);
        expect(words).not.toMatch(/(Hi|Hello|Habari) ,/);
      }
    }
  });

  it('fits into one SMS segment of GSM 03.38', () => {
    const sms = render(locale, type, sample).deliveries.find(({ channel }) => channel === 'sms');
    if (!sms) return expect(channels).not.toContain('sms');
    const { text } = sms.data as { text: string };
    // The basic alphabet without its Greek letters; the extension's characters count twice.
    expect(text).toMatch(/^[\n\r !-Z_a-z£¥èéùìòÇØøÅåÆæßÉ¤¡ÄÖÑÜ§¿äöñüà€[\]{}\\^~|]*$/);
    expect(text.replace(/[€[\]{}\\^~|]/g, 'xx').length).toBeLessThanOrEqual(160);
  });

  it('says which variables are missing, and only those', () => {
    for (const name of required) {
      const { [name]: _, ...data } = onlyRequired;
      const { failures } = render(locale, type, data);
      expect(failures.length).toBeGreaterThan(0);
      for (const { message } of failures)
        expect(message).toContain(`the event's data have no "${name}"; send it in data`);
    }
  });

  it('lets no value become a tag or leave its attribute', () => {
    const hostile = fc.string({
      unit: fc.constantFrom('<', '>', '"', "'", '&', '{{', '}}', '{%', 'a', ' ', '\n', '<script>'),
    });
    const texts = Object.keys(sample).filter((name) => typeof sample[name] === 'string');
    const html = (data: Record<string, unknown>) =>
      render(locale, type, data, String(data.name ?? 'x')).deliveries.flatMap((delivery) =>
        delivery.channel === 'email' ? [delivery.data.html] : [],
      );
    const plain = html({ ...sample, ...Object.fromEntries(texts.map((name) => [name, sample[name]])) });
    fc.assert(
      fc.property(fc.constantFrom('name', ...texts), hostile, (name, value) => {
        const [found] = html({ ...sample, [name]: `x${value}` });
        // A date or a link that is none is refused altogether.
        if (found === undefined) return;
        const line = /<br>/g;
        const shape = (text: string) => text.replace(line, '').replace(/[^<>"]/g, '');
        expect(shape(found)).toBe(shape(plain[0]!));
      }),
      { numRuns: 30 },
    );
  });
});

describe('codes', () => {
  it.each(['email_verification', 'password_reset'])('are not shown in-app: %s', (type) => {
    expect(types.find((described) => described.type === type)!.channels).toEqual(['email', 'sms']);
    const sample = types.find((described) => described.type === type)!.sample;
    const generic = new Map([['in_app', templates.get('en')!.get('generic')!.get('in_app')!]] as const);
    const { deliveries } = renderNotification(routedTo(['in_app'], { type, data: sample }), generic, brand, now);
    expect(JSON.stringify(deliveries)).not.toContain(sample.code);
  });
});

describe('docs/templates.md', () => {
  it('lists every built-in type with its channels and variables', () => {
    const page = readFileSync(new URL('../../../../docs/templates.md', import.meta.url), 'utf8');
    const list = (names: string[]) => names.map((name) => `\`${name}\``).join(', ') || '–';
    const rows = page.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
    for (const { type, channels, required, optional } of types) {
      const row = rows.find(([, first]) => first === `\`${type}\``);
      expect(row?.slice(1, 5)).toEqual([`\`${type}\``, channels.join(', '), list(required), list(optional)]);
    }
  });
});

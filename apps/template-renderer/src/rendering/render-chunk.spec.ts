import {
  chunkRouted,
  routedOfChunk,
  type Channel,
  type ChunkRouted,
  type NotificationRouted,
} from '@carillon/contracts';
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compileTemplate } from '../compile/compile.ts';
import { parseTemplate, type ParsedTemplate } from '../templates/parsed-template.ts';
import { brand, compiledBuiltIns, now } from '../testing/sample.ts';
import { renderChunk } from './render-chunk.ts';
import { renderNotification } from './render-notification.ts';

let builtIns: Map<string, Map<Channel, ParsedTemplate>>;
let personal: Map<Channel, ParsedTemplate>;

beforeAll(async () => {
  builtIns = await compiledBuiltIns();
  const key = { tenant: '', type: 'maintenance', channel: 'in_app', locale: 'en' } as const;
  const source = { title: 'Dear {{ recipient.name }}', message: '{{ message }}' };
  const compiled = await compileTemplate({ channel: 'in_app', source }, 'en', { mjml: '', words: {} });
  personal = new Map([['in_app', parseTemplate({ ...key, version: 1, compiled })]]);
});

type Member = ChunkRouted['to'][number];

const member = (id: string, channels: Channel[], locale = 'en', time_zone = 'UTC'): Member => ({
  notification_id: `notification-${id}`,
  recipient: { id, name: id.toUpperCase(), locale, time_zone },
  deliveries: channels.map((channel) => ({ delivery_id: `${channel}-${id}`, channel, address: `${channel}-of-${id}` })),
});
const chunk = (to: Member[]): ChunkRouted => ({
  ...chunkRouted.example,
  type: 'maintenance',
  data: { starts_at: '2026-11-28T20:00:00Z', ends_at: '2026-11-28T22:00:00Z', message: 'New disks.' },
  to,
});
const renderOne = (routed: NotificationRouted, templates: ReadonlyMap<Channel, ParsedTemplate | null>) => ({
  ...renderNotification(routed, templates, brand, now),
  apart: [],
});
const rendered = (of: ChunkRouted, templates = builtIns.get('maintenance')!) =>
  renderChunk(of, () => templates, renderOne);

describe('a chunk of a fan-out', () => {
  it('is written once for everyone who reads the same words', () => {
    const { chunks, deliveries, failures } = rendered(
      chunk([member('a', ['in_app']), member('b', ['in_app']), member('c', ['in_app'], 'en', 'Africa/Nairobi')]),
    );
    expect(failures).toEqual([]);
    expect(deliveries).toEqual([]);
    expect(chunks.map(({ to }) => to.map(({ recipient }) => recipient))).toEqual([['a', 'b'], ['c']]);
    // The same time is another hour of the day elsewhere.
    expect(chunks[0]!.message).toContain('8:00 pm');
    expect(chunks[1]!.message).toContain('11:00 pm');
    expect(chunks[0]!.to[1]).toEqual({ notification_id: 'notification-b', recipient: 'b', delivery_id: 'in_app-b' });
  });

  it('is written once for everyone who gets the same variant of an experiment', async () => {
    const found = builtIns.get('maintenance')!.get('in_app')!;
    const variantOf = (id: string) => (id < 'c' ? 'short' : 'long');
    const templatesFor = ({ id }: Member['recipient']) =>
      new Map([['in_app' as const, { ...found, trial: { experiment: 'trial-1', variant: variantOf(id) } }]]);
    const of = chunk(['a', 'c', 'b', 'd'].map((id) => member(id, ['in_app'])));
    const { chunks } = renderChunk(of, templatesFor, renderOne);
    expect(chunks.map(({ to, template }) => [to.map(({ recipient }) => recipient).join(), template])).toEqual([
      ['a,b', { key: 'maintenance', version: 1, locale: 'en', experiment: 'trial-1', variant: 'short' }],
      ['c,d', { key: 'maintenance', version: 1, locale: 'en', experiment: 'trial-1', variant: 'long' }],
    ]);
  });

  it('is written for each alone where the words speak of the recipient', () => {
    const { chunks, deliveries } = rendered(chunk([member('a', ['in_app']), member('b', ['in_app'])]), personal);
    expect(chunks).toEqual([]);
    expect(deliveries.map(({ data }) => 'title' in data && data.title)).toEqual(['Dear A', 'Dear B']);
  });

  it('says on every channel what single notifications would say', async () => {
    const anyone = fc.record({
      channels: fc.subarray<Channel>(['in_app', 'email'], { minLength: 1 }),
      locale: fc.constantFrom('en', 'sw', 'de-CH'),
      zone: fc.constantFrom('UTC', 'Africa/Nairobi', 'Asia/Kolkata'),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyone, { minLength: 1, maxLength: 12 }),
        fc.boolean(),
        async (people, speaksOfThem) => {
          const templates = speaksOfThem
            ? new Map([...builtIns.get('maintenance')!, ...personal])
            : builtIns.get('maintenance')!;
          const of = chunk(people.map(({ channels, locale, zone }, i) => member(`p${i}`, channels, locale, zone)));
          const { chunks, deliveries, failures } = rendered(of, templates);
          expect(failures).toEqual([]);
          const together = [
            ...deliveries.map(({ data }) => data),
            ...chunks.flatMap(({ to, ...words }) => to.map((own) => ({ ...words, ...own }))),
          ];
          const alone = of.to.flatMap((one) =>
            renderNotification(routedOfChunk(of, one), templates, brand, now).deliveries.map(({ data }) => data),
          );
          const sorted = (all: { delivery_id: string }[]) =>
            all.toSorted((one, other) => one.delivery_id.localeCompare(other.delivery_id));
          expect(sorted(together)).toEqual(sorted(alone));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('that lacks what its words need fails with the reason, and brings what can be said', async () => {
    const of = { ...chunk([member('a', ['in_app']), member('b', ['in_app'])]), data: {} };
    const { chunks, deliveries, failures } = rendered(of);
    expect([chunks, deliveries]).toEqual([[], []]);
    expect(failures.map(({ message }) => message)[0]).toContain('starts_at');
  });
});

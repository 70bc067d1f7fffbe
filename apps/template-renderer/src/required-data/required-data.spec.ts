import {
  catalogApplied,
  deleteSample,
  getSample,
  putSample,
  requiredData,
  type RequiredField,
} from '@carillon/contracts';
import { startTestService, until, type TestService } from '@carillon/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { service } from '../service.ts';

let renderer: TestService;

beforeAll(async () => {
  renderer = await startTestService(service);
});
afterAll(() => renderer?.close());

async function required(tenant: string, template: string, catalog_version?: number): Promise<RequiredField[]> {
  const question = { tenant, words: [{ template, catalog_version }] };
  const { required } = await renderer.messages.call(requiredData, question, { timeoutMs: 20_000 });
  return required[0]!;
}

/** `sms/en amount, currency` */
async function inWords(...args: Parameters<typeof required>): Promise<string[]> {
  const groups = Map.groupBy(
    await required(...args),
    ({ channel, template: { key, locale } }) => `${key} ${channel}/${locale}`,
  );
  return [...groups].map(([name, fields]) => `${name}: ${fields.map(({ field }) => field).join(', ')}`).sort();
}

async function apply(tenant: string, version: number, templates: Record<string, Record<string, object>>) {
  const words = templates as Record<string, Record<string, Record<string, Record<string, unknown>>>>;
  await renderer.messages.publish(
    catalogApplied,
    { version, templates: words },
    { tenant, id: `${tenant}-${version}` },
  );
}

describe('the data that a type needs', () => {
  it('are those of every channel, found in the words', async () => {
    const fields = await required('default', 'invoice_issued');
    expect(fields.filter(({ channel, template }) => channel === 'sms' && template.locale === 'en')).toEqual(
      ['amount', 'currency', 'due_date', 'invoice_number'].map((field) => ({
        field,
        channel: 'sms',
        template: { key: 'invoice_issued', version: 1, locale: 'en' },
      })),
    );
    expect(new Set(fields.map(({ channel }) => channel)).size).toBeGreaterThanOrEqual(3);
    expect(await required('default', 'test_message')).toEqual([]);
    expect(await required('default', 'nobody_has_words_for_this')).toEqual([]);
  });

  it('are those of the words in every language that could serve somebody, and of no others', async () => {
    await apply('school', 1, {
      payment_due: {
        en: { sms: { text: '{{ amount }}' } },
        sw: { sms: { text: '{{ amount }} {{ shule.jina }}' }, in_app: { title: 'Malipo', message: '{{ kiasi }}' } },
      },
      // Serves everybody, so Carillon’s own words serve nobody.
      invoice_issued: { en: { sms: { text: '{{ fee }}', required: ['parent.name'] } } },
    });
    // The first words that are compiled at all wait for a process to start, on a busy machine for a while.
    await until('they are in use', async () => (await inWords('school', 'payment_due')).length > 0, {
      timeoutMs: 60_000,
    });
    expect(await inWords('school', 'payment_due', 1)).toEqual([
      'payment_due in_app/sw: kiasi',
      'payment_due sms/en: amount',
      'payment_due sms/sw: amount, shule.jina',
    ]);
    const sms = (await inWords('school', 'invoice_issued', 1)).filter((line) => line.includes(' sms/'));
    expect(sms).toEqual(['invoice_issued sms/en: fee, parent.name']);
    expect(await inWords('other', 'payment_due')).toEqual([]);
  }, 90_000);

  it('are those of the catalog that the type comes from, even when its words are still on their way', async () => {
    const asked = inWords('late', 'lesson_moved', 1);
    await apply('late', 1, { lesson_moved: { en: { sms: { text: '{{ course.title }}' } } } });
    expect(await asked).toEqual(['lesson_moved sms/en: course.title']);
    await apply('late', 2, { lesson_moved: { en: { sms: { text: '{{ teacher }}' } } } });
    expect(await inWords('late', 'lesson_moved', 2)).toEqual(['lesson_moved sms/en: teacher']);
  });

  it('are what a tenant’s generic words need beside what they are given', async () => {
    await apply('own', 1, {
      generic: { en: { sms: { text: '{{ title }} {{ message }} {{ office }}' } } },
    });
    expect(await inWords('own', 'anything', 1)).toEqual(['generic sms/en: message, office']);
  });
});

describe('sample data', () => {
  const get = (tenant: string, type: string) => renderer.messages.call(getSample, { tenant, type });

  it('are Carillon’s until a tenant has its own, and again when it has none any more', async () => {
    const system = await get('school', 'invoice_issued');
    expect(system).toMatchObject({ origin: 'system', data: { invoice_number: 'INV-1001' } });
    expect(await get('school', 'lesson_moved')).toEqual({ type: 'lesson_moved', data: {}, origin: 'none' });
    const own = { type: 'invoice_issued', data: { fee: 1 }, origin: 'tenant' };
    for (let times = 0; times < 2; times++) {
      const put = { tenant: 'school', type: 'invoice_issued', data: { fee: 1 } };
      expect(await renderer.messages.call(putSample, put)).toEqual(own);
    }
    expect(await get('school', 'invoice_issued')).toEqual(own);
    expect(await get('other', 'invoice_issued')).toEqual(system);
    const gone = { tenant: 'school', type: 'invoice_issued' };
    for (let times = 0; times < 2; times++) expect(await renderer.messages.call(deleteSample, gone)).toEqual(system);
  });
});

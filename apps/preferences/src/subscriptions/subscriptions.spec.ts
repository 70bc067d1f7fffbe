import {
  getPreferences,
  getSubscription,
  putCatalog,
  putRecipient,
  setContactSubscription,
  setPreferences,
  setSubscription,
} from '@carillon/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestService, type TestService } from '@carillon/testing';
import { service } from '../service.ts';

const tenant = 'default';

describe('subscriptions', () => {
  let test: TestService;

  beforeAll(async () => {
    test = await startTestService(service);
    const recipients = { amina: '+254711000111', bo: '+254711000111', chi: '+254711000222' };
    for (const [id, phone] of Object.entries(recipients)) {
      const recipient = { email: `${id}@example.org`, phone, locale: 'sw-KE' };
      await test.messages.call(putRecipient, { tenant, id, recipient });
    }
    const document = { categories: { offers: { name: 'Offers of the week' } } };
    const text = JSON.stringify(document);
    await test.messages.call(putCatalog, {
      tenant,
      document,
      text,
      format: 'json',
      dry_run: false,
      applied_by: 'test',
    });
  });

  afterAll(() => test.close());

  const preferencesOf = (recipient: string) => test.messages.call(getPreferences, { tenant, recipient });

  it('are ended and resumed by category, and shown in the recipient’s language', async () => {
    const of = { tenant, recipient: 'chi', channel: 'email', category: 'offers' } as const;
    const shown = {
      channel: 'email',
      category: { key: 'offers', name: 'Offers of the week' },
      category_on: true,
      channel_on: true,
      locale: 'sw-KE',
    };
    expect(await test.messages.call(getSubscription, of)).toEqual(shown);
    expect(await test.messages.call(setSubscription, { ...of, scope: 'category', on: false })).toEqual({
      ...shown,
      category_on: false,
    });
    expect(await preferencesOf('chi')).toEqual({ categories: { offers: { email: false } } });
    expect(await test.messages.call(setSubscription, { ...of, scope: 'all', on: false })).toMatchObject({
      category_on: false,
      channel_on: false,
    });
    await test.messages.call(setSubscription, { ...of, scope: 'all', on: true });
    expect(await test.messages.call(setSubscription, { ...of, scope: 'category', on: true })).toEqual(shown);
  });

  it('end for everybody who has the number that answered STOP, and nobody else', async () => {
    const types = { welcome: { sms: true, email: true } };
    await test.messages.call(setPreferences, { tenant, recipient: 'bo', mode: 'replace', preferences: { types } });
    const stop = { tenant, channel: 'sms', address: '+254 711 000 111', on: false } as const;
    expect(await test.messages.call(setContactSubscription, stop)).toEqual({ recipients: 2, locale: 'sw-KE' });
    expect(await test.messages.call(setContactSubscription, stop)).toEqual({ recipients: 2, locale: 'sw-KE' });
    expect(await preferencesOf('amina')).toEqual({ channels: { sms: false } });
    expect(await preferencesOf('bo')).toEqual({ channels: { sms: false }, types: { welcome: { email: true } } });
    expect(await preferencesOf('chi')).not.toHaveProperty('channels.sms');
    await test.messages.call(setContactSubscription, { ...stop, on: true });
    expect(await preferencesOf('amina')).toEqual({ channels: { sms: true } });
    await test.messages.call(setContactSubscription, { ...stop, category: 'billing' });
    expect(await preferencesOf('amina')).toMatchObject({ categories: { billing: { sms: false } } });
  });

  it('are nobody’s for an unknown number, recipient or tenant', async () => {
    const nobody = { recipients: 0, locale: null };
    const stop = { tenant, channel: 'sms', address: '+254711999999', on: false } as const;
    expect(await test.messages.call(setContactSubscription, stop)).toEqual(nobody);
    expect(await test.messages.call(setContactSubscription, { ...stop, address: 'SHORTCODE' })).toEqual(nobody);
    expect(
      await test.messages.call(setContactSubscription, { ...stop, tenant: 'other', address: '+254711000111' }),
    ).toEqual(nobody);
    await expect(test.messages.call(setContactSubscription, { ...stop, category: 'fax' })).rejects.toMatchObject({
      status: 422,
      code: 'unknown_category',
    });
    const of = { tenant: 'other', recipient: 'amina', channel: 'email', category: 'offers' } as const;
    await expect(test.messages.call(getSubscription, of)).rejects.toMatchObject({ status: 404 });
    await expect(test.messages.call(setSubscription, { ...of, scope: 'all', on: false })).rejects.toMatchObject({
      status: 404,
    });
  });
});

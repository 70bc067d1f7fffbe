import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PublicLinks } from './public-links.ts';

const secret = 'a secret of thirty-two characters or more';
const PUBLIC_URL = 'https://notify.example';
const links = PublicLinks.of({ CARILLON_SECRET: secret, FORMER_SECRETS: [], PUBLIC_URL })!;
const tokenOf = (url: string): string => url.split('/')[4]!.replace('.gif', '');

const tenant = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,62}$/);
const text = fc.string({ minLength: 1, maxLength: 128, unit: 'grapheme' });
const delivery = fc.record({ tenant, deliveryId: fc.uuid() });
const subscription = fc.record({ tenant, recipient: text, channel: fc.constant('email'), category: text });

describe('public links', () => {
  it('lead back to their delivery and their subscription', () => {
    fc.assert(
      fc.property(delivery, subscription, (ofDelivery, ofSubscription) => {
        const { opens, clicks } = links.engagementUrls(ofDelivery);
        expect(opens).toBe(`${PUBLIC_URL}/o/${tokenOf(opens)}.gif`);
        expect(links.readEngagement(tokenOf(opens))).toEqual(ofDelivery);
        expect(links.readEngagement(tokenOf(clicks))).toEqual(ofDelivery);
        expect(links.readSubscription(tokenOf(links.subscriptionUrl(ofSubscription)))).toEqual(ofSubscription);
      }),
    );
  });

  it('are nobody’s once a single character differs', () => {
    const forged = (token: string, at: number, by: number): string => {
      const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
      const index = at % token.length;
      const letter = alphabet[(alphabet.indexOf(token[index]!) + 1 + (by % 63)) % 64]!;
      return token.slice(0, index) + letter + token.slice(index + 1);
    };
    fc.assert(
      fc.property(delivery, subscription, fc.nat(), fc.nat(), (ofDelivery, ofSubscription, at, by) => {
        expect(links.readEngagement(forged(tokenOf(links.engagementUrls(ofDelivery).opens), at, by))).toBeUndefined();
        expect(links.readSubscription(forged(tokenOf(links.subscriptionUrl(ofSubscription)), at, by))).toBeUndefined();
      }),
    );
  });

  it('read nothing that they did not make, whatever it looks like', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), fc.stringMatching(/^[\w-]{0,200}$/)), (token) => {
        expect(links.readEngagement(token)).toBeUndefined();
        expect(links.readSubscription(token)).toBeUndefined();
      }),
    );
  });

  it('are of one kind: a pixel is no unsubscribe link, nor the other way round', () => {
    const { opens } = links.engagementUrls({ tenant: 'default', deliveryId: crypto.randomUUID() });
    const page = links.subscriptionUrl({ tenant: 'default', recipient: 'a', channel: 'email', category: 'billing' });
    expect(links.readSubscription(tokenOf(opens))).toBeUndefined();
    expect(links.readEngagement(tokenOf(page))).toBeUndefined();
    expect(links.isOwn(page)).toBe(true);
    expect(links.isOwn('https://notify.example.evil/u/x')).toBe(false);
  });

  it('say nothing about the recipient to whoever sees them', () => {
    const of = { tenant: 'default', recipient: 'amina@example.org', channel: 'email', category: 'billing' };
    const bytes = Buffer.from(tokenOf(links.subscriptionUrl(of)), 'base64url').toString('latin1');
    expect(bytes).not.toMatch(/amina|example|billing/);
  });

  it('go on working after the secret was changed, as long as the former one is known', () => {
    const of = { tenant: 'default', recipient: 'a', channel: 'email', category: 'billing' };
    const url = links.subscriptionUrl(of);
    const next = { CARILLON_SECRET: 'another secret of thirty-two characters', PUBLIC_URL };
    const rotated = PublicLinks.of({ ...next, FORMER_SECRETS: [secret] })!;
    expect(rotated.readSubscription(tokenOf(url))).toEqual(of);
    expect(rotated.subscriptionUrl(of)).not.toBe(url);
    expect(PublicLinks.of({ ...next, FORMER_SECRETS: [] })!.readSubscription(tokenOf(url))).toBeUndefined();
  });

  it('are not made where nobody could follow them', () => {
    expect(PublicLinks.of({ CARILLON_SECRET: secret, FORMER_SECRETS: [], PUBLIC_URL: undefined })).toBeUndefined();
  });
});

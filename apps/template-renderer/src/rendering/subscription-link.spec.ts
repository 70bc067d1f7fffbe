import type { Channel, EmailRendered } from '@carillon/contracts';
import { PublicLinks } from '@carillon/service';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { ParsedTemplate } from '../templates/parsed-template.ts';
import { brand, compiledBuiltIns, now, routedTo } from '../testing/sample.ts';
import { renderNotification } from './render-notification.ts';
import { withSubscriptionLink } from './subscription-link.ts';

const links = PublicLinks.of({
  CARILLON_SECRET: 'a secret of thirty-two characters or more',
  FORMER_SECRETS: [],
  PUBLIC_URL: 'https://notify.example',
});
let builtIns: Map<string, Map<Channel, ParsedTemplate>>;
beforeAll(async () => {
  builtIns = await compiledBuiltIns();
});

function email(type: string, changes: Parameters<typeof routedTo>[1] = {}, reachable = true): EmailRendered {
  const routed = withSubscriptionLink('school', routedTo(['email'], changes), reachable ? links : undefined);
  const { deliveries, failures } = renderNotification(routed, builtIns.get(type)!, brand, now);
  expect(failures).toEqual([]);
  return deliveries[0]!.data as EmailRendered;
}

describe('an email that its recipient may end', () => {
  it('says so at its foot, as a link and in its text, and to mail programs', () => {
    const { html, text, unsubscribe_url } = email('invoice_issued');
    expect(unsubscribe_url).toMatch(/^https:\/\/notify\.example\/u\/[\w-]+$/);
    expect(html).toContain(`<a href="${unsubscribe_url}">Unsubscribe</a> from emails like this one.`);
    expect(text).toContain(`Unsubscribe <${unsubscribe_url}> from emails like this one.`);
    expect(links!.readSubscription(unsubscribe_url!.split('/').at(-1)!)).toEqual({
      tenant: 'school',
      recipient: 'parent-17',
      channel: 'email',
      category: 'billing',
    });
    expect(email('generic', { data: {} }).text).toMatch(/Unsubscribe from emails like this one: https:\/\//);
  });

  it('is no mandatory one, and none where no link could be followed', () => {
    for (const one of [email('invoice_issued', { mandatory: true }), email('invoice_issued', {}, false)]) {
      expect(one).not.toHaveProperty('unsubscribe_url');
      expect(one.html + one.text).not.toMatch(/unsubscribe/i);
    }
  });

  it('cannot be led elsewhere by the data of an event', () => {
    const data = { title: 'T', unsubscribe_url: 'https://evil.example' };
    expect(email('generic', { data }).html).not.toContain('evil');
    expect(email('generic', { data, mandatory: true }).html).not.toContain('evil');
  });

  it('is tracked as its category is', () => {
    const tracking = { opens: true, clicks: false };
    expect(email('invoice_issued', { tracking }).tracking).toEqual(tracking);
    expect(email('invoice_issued')).not.toHaveProperty('tracking');
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { actionOf, statePlaces, targetOf } from './action.ts';
import { changesBetween } from './changes.ts';
import { csvLine } from './csv.ts';
import { longestState, Masking } from './masking.ts';

describe('an action', () => {
  it.each([
    ['POST', '/v1/admin/api-keys', 'api-keys.create', 'api-keys', []],
    ['POST', '/v1/admin/api-keys/:id/rotate', 'api-keys.rotate', 'api-keys/7', ['/v1/admin/api-keys/7']],
    [
      'PUT',
      '/v1/admin/providers/:channel/:name',
      'providers.put',
      'providers/email/smtp',
      ['/v1/admin/providers/email/smtp'],
    ],
    [
      'POST',
      '/v1/admin/deliveries/:channel/retry',
      'deliveries.retry',
      'deliveries/email',
      ['/v1/admin/deliveries/email'],
    ],
    ['PUT', '/v1/admin/catalog', 'catalog.put', 'catalog', ['/v1/admin/catalog']],
    ['POST', '/v1/admin/catalog/revert', 'catalog.revert', 'catalog', ['/v1/admin/catalog']],
    [
      'PATCH',
      '/v1/admin/recipients/:id/preferences',
      'recipients.preferences.patch',
      'recipients/7',
      ['/v1/admin/recipients/7/preferences', '/v1/admin/recipients/7'],
    ],
    ['DELETE', '/v1/recipients/:id', 'recipients.delete', 'recipients/7', ['/v1/recipients/7']],
  ])('%s %s is %s', (method, route, action, target, places) => {
    const params = { id: '7', channel: 'email', name: 'smtp' };
    const path = route.replaceAll(/:(\w+)/g, (_, name: 'id') => params[name]);
    expect(actionOf(method, route)).toBe(action);
    expect(targetOf(route, params, (value) => value)).toBe(target);
    expect(statePlaces(method, route, path).map((place) => place.path)).toEqual(places);
  });
});

describe('changes', () => {
  it('are the members that differ, at any depth', () => {
    expect(
      changesBetween(
        { name: 'a', settings: { from: 'x', port: 25 }, order: [1, 2], gone: 1 },
        { name: 'a', settings: { from: 'y', port: 25 }, order: [2, 1], fresh: null },
      ),
    ).toEqual({
      before: { settings: { from: 'x' }, order: [1, 2], gone: 1 },
      after: { settings: { from: 'y' }, order: [2, 1], fresh: null },
    });
    expect(changesBetween(null, { a: 1 })).toEqual({ before: null, after: { a: 1 } });
  });

  it('are none between a state and its copy', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (state) => {
        const read = () => JSON.parse(JSON.stringify(state)) as unknown;
        expect(changesBetween(read(), read())).toEqual({ before: undefined, after: undefined });
      }),
    );
  });
});

describe('masking', () => {
  const masking = new Masking('a secret', 'default');

  it('hides credentials, addresses and people, and leaves the rest readable', () => {
    expect(
      masking.state({
        name: 'Mailgun of the school',
        enabled: true,
        order: 2,
        template: 'invoice_issued.email.sw',
        id: '019aa5e5-8f00-8b1c-9d2e-3f4a5b6c7d8e',
        secrets: { api_key: 'abc', region: null },
        key: 'ck_0123456789abcdef0123456789abcdef',
        note: 'ask amina@example.org or +254711000111, token whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD',
        address: '0711000111',
        recipients: ['parent-17'],
      }),
    ).toEqual({
      name: 'Mailgun of the school',
      enabled: true,
      order: 2,
      template: 'invoice_issued.email.sw',
      id: '019aa5e5-8f00-8b1c-9d2e-3f4a5b6c7d8e',
      secrets: { api_key: '•••', region: null },
      key: '•••',
      note: 'ask a•••@example.org or +254•••111, token •••',
      address: '•••',
      recipients: [masking.person('parent-17')],
    });
  });

  it('tells of people’s own records only which members there are', () => {
    expect(masking.state({ name: 'Amina', contacts: [{}, {}], attributes: { class: '4b' } }, false)).toEqual({
      name: '•••',
      contacts: '••• (2 items)',
      attributes: { class: '•••' },
    });
  });

  it('lets no secret through and is never larger than it may be, whatever it is given', () => {
    const secrets = fc.constantFrom(
      'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      'ck_0123456789abcdef0123',
      'bo@example.org',
    );
    const texts = fc
      .tuple(fc.string(), secrets, fc.string())
      .map(([before, secret, after]) => `${before} ${secret} ${after}`);
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.oneof(texts, fc.array(texts), fc.jsonValue())), (state) => {
        const told = JSON.stringify(masking.state(state));
        expect(told).not.toMatch(/whsec_M|ck_0|bo@example/);
        expect(told.length).toBeLessThanOrEqual(longestState + 200);
      }),
    );
    const large = masking.state(Object.fromEntries(Array.from({ length: 90 }, (_, n) => [`m${n}`, 'x'.repeat(490)])));
    expect(large).toMatchObject({ too_large: expect.any(String), members: expect.arrayContaining(['m0', 'm89']) });
  });

  it('calls the same person the same, in one tenant only', () => {
    expect(masking.person('parent-17')).toBe(new Masking('a secret', 'default').person('parent-17'));
    expect(masking.person('parent-17')).not.toBe(new Masking('a secret', 'other').person('parent-17'));
  });
});

it('A line of CSV is no formula and keeps its cells apart', () => {
  const entry = {
    seq: 1,
    id: 'i',
    at: 't',
    ended_at: null,
    outcome: 'done' as const,
    status: 200,
    code: null,
    actor: { kind: 'member' as const, id: 'm', name: '=cmd("x")', role: 'owner' },
    action: 'a',
    target: 'b,c',
    ip: null,
    request_id: null,
    input: { a: 1 },
    before: null,
    after: null,
  };
  expect(csvLine(entry)).toBe(`1,i,t,,done,200,,member,m,"'=cmd(""x"")",owner,a,"b,c",,,"{""a"":1}",,\r\n`);
});

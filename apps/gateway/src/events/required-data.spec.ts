import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { notificationRouted, type CloudEvent, type NotificationRouted } from '@carillon/contracts';
import { until } from '@carillon/testing';
import { CatalogUnderTest, type CatalogOfTenant } from '../../testing/catalog-under-test.ts';

describe('data that templates need', () => {
  let catalogs: CatalogUnderTest;
  let routed: CloudEvent<NotificationRouted>[];

  beforeAll(async () => {
    catalogs = await CatalogUnderTest.start();
    routed = await catalogs.gateway.broker.capture(notificationRouted);
  }, 60_000);
  afterAll(() => catalogs.close());

  const lesson = (sms: object) => `
types:
  lesson_moved:
    category: activity
    channels: [in_app, sms]
    templates:
      en:
        in_app: { title: 'Moved', message: '{{ course.title }}{% if room %} in {{ room }}{% endif %}' }
        sms: ${JSON.stringify(sms)}
`;

  async function school(sms: object = { text: '{{ course.title }}', required: ['teacher'] }): Promise<CatalogOfTenant> {
    const tenant = await catalogs.tenant();
    const amina = { name: 'Amina', email: 'a@example.org', phone: '+254711000111', time_zone: 'Africa/Nairobi' };
    expect((await tenant.call('PUT', '/v1/recipients/amina', amina)).status).toBe(201);
    expect((await tenant.put(lesson(sms))).status).toBe(200);
    return tenant;
  }
  const lessonMoved = (data?: object, more: object = {}) => ({
    type: 'lesson_moved',
    recipients: ['amina'],
    ...(data && { data }),
    ...more,
  });
  const post = (tenant: CatalogOfTenant, event: object) => tenant.call('POST', '/v1/events', event);
  const fieldsOf = ({ json }: { json: any }) => json.errors.map(({ path }: { path: string }) => path);

  it('are asked for before anything is accepted: the problem names each field and the templates', async () => {
    const tenant = await school();
    const refused = await post(tenant, lessonMoved({ course: {}, teacher: ' ', secret: '123456' }));
    expect([refused.status, refused.json]).toEqual([
      422,
      {
        type: 'about:blank',
        status: 422,
        code: 'missing_data',
        title: 'Data are missing',
        errors: [
          {
            path: 'data.course.title',
            message: 'is missing or empty; needed by the template lesson_moved (in_app en v1, sms en v1)',
          },
          { path: 'data.teacher', message: 'is missing or empty; needed by the template lesson_moved (sms en v1)' },
        ],
      },
    ]);
    expect((await post(tenant, lessonMoved())).status).toBe(422);
    expect((await post(tenant, lessonMoved({ course: { title: null }, teacher: 'Bo' }))).status).toBe(422);
    expect((await post(tenant, lessonMoved({ course: { title: 'Piano' }, teacher: 'Bo' }))).status).toBe(202);
    await until('the one that was accepted is routed', () => routed.some(({ tenant: of }) => of === tenant.tenant));
    expect(routed.filter(({ tenant: of }) => of === tenant.tenant)).toHaveLength(1);
  });

  it('count for the channels that the event could use, and not at all for words that it brings itself', async () => {
    const tenant = await school();
    const data = { course: { title: 'Piano' } };
    expect(fieldsOf(await post(tenant, lessonMoved(data)))).toEqual(['data.teacher']);
    expect((await post(tenant, lessonMoved(data, { channels: ['in_app'] }))).status).toBe(202);
    const content = { title: 'Hello', message: 'There' };
    expect((await post(tenant, lessonMoved(undefined, { content }))).status).toBe(202);
  });

  it('are the names of recipients too: nobody is written "Hello ,"', async () => {
    const tenant = await school({ text: 'Hello {{ recipient.name }},' });
    await tenant.call('PUT', '/v1/recipients/bo', { phone: '+254711000222', time_zone: 'UTC' });
    const data = { course: { title: 'Piano' } };
    const refused = await post(tenant, lessonMoved(data, { recipients: ['amina', 'bo'] }));
    expect([refused.status, refused.json.errors]).toMatchObject([
      422,
      [{ path: 'recipients', message: expect.stringMatching(/^"bo" is without a name/) }],
    ]);
    expect((await post(tenant, lessonMoved(data))).status).toBe(202);
    expect((await post(tenant, lessonMoved(data, { recipients: ['bo'], channels: ['in_app'] }))).status).toBe(202);
  });

  it('are asked of each event of many, and of an event that is only tried out', async () => {
    const tenant = await school();
    const complete = lessonMoved({ course: { title: 'Piano' }, teacher: 'Bo' });
    const events = [
      lessonMoved({}),
      { type: 'nonsense' },
      complete,
      lessonMoved({ course: { title: '' }, teacher: 'Bo' }),
    ];
    const { status, json } = await tenant.call('POST', '/v1/events/bulk', { events });
    expect([status, json.results.map(({ status, code }: any) => code ?? status)]).toEqual([
      200,
      ['missing_data', 'invalid_body', 202, 'missing_data'],
    ]);
    expect(json.results[3].errors).toMatchObject([{ path: 'data.course.title' }]);
    const tried = await tenant.call('POST', '/v1/events/dry-run', lessonMoved({ course: { title: 'Piano' } }));
    expect([tried.status, tried.json.code, fieldsOf(tried)]).toEqual([422, 'missing_data', ['data.teacher']]);
    const fine = await tenant.call('POST', '/v1/events/dry-run', complete);
    expect(fine.json).toMatchObject({ types: ['lesson_moved'], notifications: [{ errors: [] }] });
    expect(fine.json).not.toHaveProperty('words');
  });

  it('are those of the catalog from the moment it is applied', async () => {
    const tenant = await school();
    const data = { course: { title: 'Piano' } };
    expect((await post(tenant, lessonMoved(data))).status).toBe(422);
    await tenant.put(lesson({ text: '{{ course.title }}' }));
    expect((await post(tenant, lessonMoved(data))).status).toBe(202);
    await tenant.put(lesson({ text: '{{ course.title }} {{ starts_at | date }}' }));
    expect(fieldsOf(await post(tenant, lessonMoved(data)))).toEqual(['data.starts_at']);
  });

  it('are not asked for while the renderer is away: nobody waits long, and nothing is refused', async () => {
    const tenant = await school();
    await catalogs.stopRenderer();
    const send = async (type: string) => {
      const began = performance.now();
      const { status } = await post(tenant, { type, recipients: ['amina'] });
      expect(status).toBe(202);
      return performance.now() - began;
    };
    expect(await send('welcome')).toBeLessThan(4_000);
    // Nobody asks again for a while.
    for (let times = 0; times < 3; times++) expect(await send('welcome')).toBeLessThan(1_500);
  });
});

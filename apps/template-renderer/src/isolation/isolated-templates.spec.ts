import { afterAll, describe, expect, it } from '@jest/globals';
import { emailLayouts } from '../built-in/load.ts';
import { SourceError } from '../compile/source-error.ts';
import type { RenderFailure } from '../rendering/render-failure.ts';
import { GuardedRendering } from '../rendering/guarded-rendering.ts';
import { parseTemplate } from '../templates/parsed-template.ts';
import type { PublishedTemplate } from '../templates/template.ts';
import { hostileTemplates } from '../testing/hostile.ts';
import { brand, now, routedTo } from '../testing/sample.ts';
import { IsolatedTemplates } from './isolated-templates.ts';
import { WorkerProcess, WorkerStopped } from './worker-process.ts';

const isolated = new IsolatedTemplates();
const layout = emailLayouts()('en');
afterAll(() => isolated.onApplicationShutdown());

let versions = 0;
function template(message: string, tenant = 'school'): PublishedTemplate {
  const compiled = { parts: { title: 'A title', message }, required: [], optional: [] };
  return { tenant, type: 'lesson_moved', channel: 'in_app', locale: 'en', version: ++versions, compiled };
}
const routed = (data: Record<string, unknown> = {}) => routedTo(['in_app'], { type: 'lesson_moved', data });
const words = (of: PublishedTemplate, data?: Record<string, unknown>, tenant = 'school') =>
  isolated.words(tenant, routed(data), of, brand, now);
const failure = (work: Promise<unknown>): Promise<RenderFailure> =>
  work.then(
    () => {
      throw new Error('did not fail');
    },
    (error: unknown) => error as RenderFailure,
  );

/** Longer than the service's own thread takes, and short enough for a worker. */
const long =
  '{% for i in (1..100) %}{% for j in (1..100) %}{% assign x = i | plus: j %}{% endfor %}{% endfor %}{{ x }}';
/** Takes no character of a text and no element of a list that a limit knows, and 64 MB by itself. */
const tooMuchData = { list: Array.from({ length: 1_500_000 }, () => []) };

describe('an isolated template', () => {
  it('is compiled as anywhere else, mistakes and all', async () => {
    const email = (body: string) => ({ channel: 'email', source: { subject: 'Hi', body, greeting: true } }) as const;
    const compiled = await isolated.compile('school', email('<mj-text>{{ name }}</mj-text>'), 'en', layout);
    expect(compiled).toMatchObject({ required: ['name'], parts: { subject: 'Hi' } });
    const refused = isolated.compile('school', email('<mj-text>{{ name | shout }}</mj-text>'), 'en', layout);
    await expect(refused).rejects.toThrow(SourceError);
    await expect(refused).rejects.toThrow(/body: .*undefined filter: shout/);
  });

  it('says what it says anywhere else, and what is missing', async () => {
    const greeting = template('Hello {{ name }}');
    expect(await words(greeting, { name: 'Amina' })).toMatchObject({ title: 'A title', message: 'Hello Amina' });
    const { channel, missing, message } = await failure(words(greeting));
    expect({ channel, missing }).toEqual({ channel: 'in_app', missing: ['name'] });
    expect(message).toContain(
      `in_app (template lesson_moved v${greeting.version}, en): the event's data have no "name"`,
    );
  });

  it('is stopped where it takes too much, and left alone after three times in a row', async () => {
    const hostile = template('{% for i in (1..900) %}{% for j in (1..900) %}{{ i }}{% endfor %}{% endfor %}', 'loops');
    for (let times = 0; times < 3; times++) {
      const { message, limit } = await failure(words(hostile, {}, 'loops'));
      expect(message).toMatch(/message: (takes|writes) more than .*; .*line:1/);
      expect(['time', 'output']).toContain(limit);
    }
    const held = await failure(words(hostile, {}, 'loops'));
    expect(held.message).toMatch(
      /had to be stopped too often \(last time: message: .*\) and is not tried before 20.*Z; mend the template/,
    );
    // Others, of the same tenant too, are not.
    expect(await words(template('Hello', 'loops'), {}, 'loops')).toMatchObject({ message: 'Hello' });
  });

  it('that takes all memory ends its worker, which is replaced, and nothing else', async () => {
    const { message, limit } = await failure(words(template('Hello'), tooMuchData));
    expect(limit).toBe('memory');
    expect(message).toContain('needs more than 64 MB of memory; use shorter lists and texts');
    expect(await words(template('Hello'))).toMatchObject({ message: 'Hello' });
  });

  it('waits for its own tenant’s templates only once it is known to come to an end', async () => {
    const good = template(long);
    expect(await words(good)).toMatchObject({ message: '200' });
    const began: string[] = [];
    const hostile = hostileTemplates.slice(0, 20).map(({ source, data }) =>
      words(template(source, 'enemy'), data, 'enemy')
        .catch(() => undefined)
        .then(() => began.push('enemy')),
    );
    await words(good).then(() => began.push('school'));
    expect(began.length).toBeLessThan(hostile.length / 2);
    await Promise.all(hostile);
  });
});

describe('a worker', () => {
  it('is stopped when a job takes too long, and the next job gets another one', async () => {
    const endings: string[] = [];
    const worker = new WorkerProcess({ time: 200, memory: 256, nice: 0 }, (why) => endings.push(why));
    const email = {
      channel: 'email',
      source: { subject: 'Hi', body: '<mj-text>x</mj-text>', greeting: true },
    } as const;
    await expect(worker.ask('compile', email, 'en', layout)).rejects.toThrow(new WorkerStopped('time'));
    expect(endings).toEqual(['time']);
    const sms = { channel: 'sms', source: { text: 'Hello' } } as const;
    expect(await worker.ask('compile', sms, 'en', layout)).toMatchObject({ compiled: { parts: { text: 'Hello' } } });
    worker.close();
    await expect(worker.ask('compile', sms, 'en', layout)).rejects.toThrow('this worker is closed');
  });
});

describe('guarded rendering', () => {
  const guarded = new GuardedRendering(isolated);
  const both = routedTo(['in_app', 'sms'], { type: 'lesson_moved', data: {} });
  const sms = parseTemplate({
    ...template(''),
    channel: 'sms',
    compiled: { parts: { text: 'Hello' }, required: [], optional: [] },
  });
  const templates = (inApp: PublishedTemplate) =>
    new Map([
      ['in_app' as const, parseTemplate(inApp)],
      ['sms' as const, sms],
    ]);

  it('sets apart what takes long, and from then on without trying; other channels are served at once', async () => {
    const heavy = templates(template(long));
    for (let times = 0; times < 2; times++) {
      const { deliveries, failures, apart } = guarded.render('school', both, heavy, brand, now);
      expect(deliveries).toMatchObject([{ channel: 'sms', data: { text: 'Hello' } }]);
      expect({ failures, apart }).toEqual({ failures: [], apart: ['in_app'] });
    }
    const later = await guarded.renderApart('school', routed(), heavy, brand, now);
    expect(later).toMatchObject({ deliveries: [{ data: { message: '200' } }], failures: [] });
  });

  it('lets one tenant’s data slow down nobody else, not even with the same template', () => {
    const shared = templates(template('{% for a in list %}{% for b in list %}{{ a }}{% endfor %}{% endfor %}', ''));
    const many = { list: Array.from({ length: 1_000 }, (_, n) => n) };
    expect(guarded.render('hostile', { ...both, data: many }, shared, brand, now).apart).toEqual(['in_app']);
    const few = { ...both, data: { list: [1] } };
    expect(guarded.render('hostile', few, shared, brand, now).apart).toEqual(['in_app']);
    expect(guarded.render('neighbour', few, shared, brand, now).deliveries).toHaveLength(2);
  });

  it('tries new templates in a worker first where another of the tenant took long, until one was quick there', async () => {
    const known = templates(template('Hello {{ name | default: "you" }}'));
    const render = (inApp: typeof known, tenant = 'doubtful') => guarded.render(tenant, both, inApp, brand, now).apart;
    expect(render(known)).toEqual([]);
    expect(render(templates(template(long)))).toEqual(['in_app']);
    const fresh = templates(template('Hello'));
    expect(render(fresh)).toEqual(['in_app']);
    const apart = () => guarded.renderApart('doubtful', routed(), fresh, brand, now);
    expect(await apart()).toMatchObject({ failures: [] });
    // The first time a worker has to read it, and may itself be new.
    while (render(fresh).length > 0) await apart();
    const slow = templates(template(`${long} `));
    expect(await guarded.renderApart('doubtful', routed(), slow, brand, now)).toMatchObject({ failures: [] });
    expect(render(slow)).toEqual(['in_app']);
    // What has come to its end here before is still filled in here, and so is what is new of others.
    expect(render(known)).toEqual([]);
    expect(render(templates(template('Hello')), 'neighbour')).toEqual([]);
  });

  it('does not even read what is long', async () => {
    const text = templates(template(`{{ name }}${'x'.repeat(70_000)}`));
    expect(text.get('in_app')!.parts).toBeNull();
    const named = { ...routed({ name: 'A' }) };
    expect(guarded.render('school', named, text, brand, now).apart).toEqual(['in_app']);
    expect((await guarded.renderApart('school', named, text, brand, now)).deliveries).toHaveLength(1);
  });

  it('says at once that a template is held back', async () => {
    const hostile = templates(
      template('{% for i in (1..990) %}{% for j in (1..990) %}{{ i }}{% endfor %}{% endfor %}'),
    );
    expect(guarded.render('looping', both, hostile, brand, now).apart).toEqual(['in_app']);
    for (let times = 0; times < 3; times++) {
      const { failures } = await guarded.renderApart('looping', routed(), hostile, brand, now);
      expect(failures).toMatchObject([{ channel: 'in_app', message: expect.stringMatching(/more than/) }]);
    }
    const { deliveries, failures, apart } = guarded.render('looping', both, hostile, brand, now);
    expect([deliveries.length, apart.length]).toEqual([1, 0]);
    expect(failures[0]!.message).toContain('had to be stopped too often');
  });
});

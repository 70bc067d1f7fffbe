import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Mailbox, Message } from '../mailbox.ts';
import { afterwards, eventually, runningMailbox } from '../testing/running-mailbox.ts';
import type { StreamEvent } from './stream.ts';

describe('The API of the mailbox', () => {
  let mailbox: Mailbox;
  beforeEach(async () => {
    mailbox = await runningMailbox({ limit: 3 });
  });

  const get = (path: string) => fetch(mailbox.httpUrl + path);
  const list = async (query = '') => (await (await get(`/api/messages${query}`)).json()) as Message[];
  const sms = (to: string, text: string) =>
    fetch(`${mailbox.httpUrl}/sms`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ to, text }),
    });

  it('lists messages newest first and drops the oldest over the limit', async () => {
    for (const text of ['one', 'two', 'three', 'four']) await sms('+254711000001', text);
    expect((await list()).map(({ text }) => text)).toEqual(['four', 'three', 'two']);
  });

  it('filters by recipient, channel, time and number', async () => {
    await sms('+254711000001', 'one');
    await sms('+254711000002', 'two');
    expect((await list('?to=%2B254711000001')).map(({ text }) => text)).toEqual(['one']);
    expect((await list('?to=+254711000001')).map(({ text }) => text)).toEqual(['one']);
    expect(await list('?channel=email')).toEqual([]);
    expect((await list('?channel=sms&limit=1')).map(({ text }) => text)).toEqual(['two']);
    const [newest] = await list();
    // Its status may have moved on meanwhile.
    expect((await list(`?since=${newest!.received_at}`)).map(({ id }) => id)).toContain(newest!.id);
    expect(await list(`?since=${new Date(Date.now() + 60_000).toISOString()}`)).toEqual([]);
  });

  it.each([
    ['?recipient=x', 'recipient'],
    ['?channel=fax', 'channel'],
    ['?since=yesterday', 'since'],
    ['?limit=0', 'limit'],
    ['?to=a&to=b', 'to'],
  ])('answers %s with a problem that names %s', async (query, path) => {
    const answer = await get(`/api/messages${query}`);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(await answer.json()).toMatchObject({
      code: 'invalid_query',
      errors: [{ path, message: expect.any(String) }],
    });
  });

  it('shows one message, and answers 404 for one that is gone', async () => {
    await sms('+254711000001', 'one');
    const [message] = await list();
    expect(await (await get(`/api/messages/${message?.id}`)).json()).toMatchObject({ text: 'one' });
    await fetch(`${mailbox.httpUrl}/api/messages`, { method: 'DELETE' });
    expect(await list()).toEqual([]);
    const gone = await get(`/api/messages/${message?.id}`);
    expect(gone.status).toBe(404);
    expect(await gone.json()).toMatchObject({ status: 404, code: 'not_found' });
  });

  it('begins the counting of tries anew when it is emptied', async () => {
    const attempt = async () => (await sms('+15005550102', 'x')).status;
    expect([await attempt(), await attempt()]).toEqual([503, 503]);
    await fetch(`${mailbox.httpUrl}/api/messages`, { method: 'DELETE' });
    expect([await attempt(), await attempt(), await attempt()]).toEqual([503, 503, 201]);
  });

  it('answers health checks', async () => {
    for (const path of ['/health/live', '/health/ready']) {
      const answer = await get(path);
      expect([answer.status, await answer.json()]).toEqual([200, { status: 'ok' }]);
    }
  });

  it('streams messages, changes of their status and refusals', async () => {
    const events: StreamEvent[] = [];
    const abort = new AbortController();
    afterwards(async () => abort.abort());
    const stream = await fetch(`${mailbox.httpUrl}/api/stream`, { signal: abort.signal });
    expect(stream.headers.get('content-type')).toBe('text/event-stream');
    void collect(stream, events).catch(() => undefined);

    await sms('+15005550105', 'late');
    await sms('+15005550101', 'refused');
    await eventually(() => events.some(({ messages }) => messages.some(({ status }) => status === 'undelivered')));
    await eventually(() => events.some(({ refusals }) => refusals.some(({ to }) => to === '+15005550101')));
  });

  it('ends open streams when it closes', async () => {
    const stream = await fetch(`${mailbox.httpUrl}/api/stream`);
    await mailbox.close();
    await expect(stream.text()).resolves.toContain('mailbox');
  });
});

async function collect(stream: Response, events: StreamEvent[]): Promise<void> {
  let unread = '';
  const reader = stream.body?.pipeThrough(new TextDecoderStream()) ?? [];
  for await (const chunk of reader) {
    const blocks = (unread + chunk).split('\n\n');
    unread = blocks.pop() ?? '';
    for (const block of blocks) {
      if (block.startsWith('data: ')) events.push(JSON.parse(block.slice(6)) as StreamEvent);
    }
  }
}

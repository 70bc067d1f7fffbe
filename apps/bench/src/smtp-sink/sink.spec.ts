import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createTransport } from 'nodemailer';
import { Child, program } from '../run/child.ts';
import type { SinkCounts } from './counts.ts';

describe('the SMTP sink', () => {
  let sink: Child;
  let port: number;

  beforeEach(async () => {
    sink = new Child({ name: 'sink', file: program('./sink.main', import.meta.url), env: {} });
    ({ port } = await sink.next<{ port: number }>());
  });
  afterEach(() => sink.stop());

  const count = () => sink.ask<SinkCounts>('count');

  it('takes what nodemailer sends over a pool, and tells different messages from repeated ones', async () => {
    const smtp = createTransport({ host: '127.0.0.1', port, pool: true, maxConnections: 3 });
    const send = (messageId: string) =>
      smtp.sendMail({ from: 'a@example.org', to: 'b@example.org', subject: 'Hi', text: '.\r\n..\r\n', messageId });
    await Promise.all(Array.from({ length: 20 }, (_, i) => send(`<${i}@example.org>`)));
    await send('<0@example.org>');
    smtp.close();

    expect(await count()).toEqual({ accepted: 21, distinct: 20 });
    expect(await sink.ask<SinkCounts>('reset')).toEqual({ accepted: 0, distinct: 0 });
  });

  it('finds the end of a message however the bytes arrive', async () => {
    const { createConnection } = await import('node:net');
    const socket = createConnection(port, '127.0.0.1').setNoDelay().setEncoding('utf8');
    const next = () => new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(String(chunk))));
    expect(await next()).toMatch(/^220/);
    const dialogue = 'DATA\r\nMessage-ID: <1@x>\r\n\r\ntext\r\n.\r\n';
    const answers: string[] = [];
    socket.on('data', (chunk) => answers.push(String(chunk)));
    for (const character of dialogue) {
      socket.write(character);
      await new Promise((resolve) => setImmediate(resolve));
    }
    while (!answers.join('').includes('250')) await next();
    socket.destroy();

    expect(answers.join('')).toBe('354 go on\r\n250 2.0.0 accepted\r\n');
    expect(await count()).toEqual({ accepted: 1, distinct: 1 });
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { withTrace } from '@carillon/messaging';
import { testDatabase, type TestDatabase } from '@carillon/testing';
import { DataSource } from 'typeorm';
import { JsonLogger } from './logging.ts';

/** A logger and the lines it writes. */
function captured(level = 'trace') {
  const text: string[] = [];
  const logger = new JsonLogger('inbox', level, { write: (line: string) => void text.push(line) });
  return { logger, text, lines: () => text.map((line) => JSON.parse(line) as Record<string, any>) };
}

describe('the log', () => {
  it('is a JSON line per entry with service, level, time and context', () => {
    const { logger, lines } = captured();
    logger.log('ready', 'Bootstrap');
    logger.warn({ msg: 'late', delivery_id: 'd1' }, 'Sender');
    expect(lines()).toMatchObject([
      {
        service: 'inbox',
        level: 'info',
        context: 'Bootstrap',
        msg: 'ready',
        time: expect.stringMatching(/^\d{4}-.+Z$/),
      },
      { service: 'inbox', level: 'warn', context: 'Sender', msg: 'late', delivery_id: 'd1' },
    ]);
  });

  it('has the level of each of Nest’s methods, and writes nothing below its own', () => {
    const { logger, lines } = captured('warn');
    for (const level of ['verbose', 'debug', 'log', 'warn', 'error', 'fatal'] as const) logger[level]('x');
    expect(lines().map(({ level }) => level)).toEqual(['warn', 'error', 'fatal']);
  });

  it('carries the trace at hand', () => {
    const { logger, lines } = captured();
    withTrace('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', () => logger.log('within'));
    logger.log('without');
    expect(lines().map(({ trace_id }) => trace_id)).toEqual(['4bf92f3577b34da6a3ce929d0e0e4736', undefined]);
  });

  it('never prints credentials and personal data by their names, at the top or one level down', () => {
    const { logger, text } = captured();
    const personal = {
      password: 'LEAK',
      token: 'LEAK',
      secret: 'LEAK',
      api_key: 'LEAK',
      authorization: 'LEAK',
      email: 'LEAK',
      phone: 'LEAK',
      address: 'LEAK',
      to: 'LEAK',
      text: 'LEAK',
      html: 'LEAK',
    };
    logger.log({ msg: 'top', ...personal });
    logger.log({ msg: 'nested', headers: personal, recipient: 'parent-17' });
    expect(text.join()).not.toContain('LEAK');
    expect(text[1]).toContain('parent-17');
  });

  it('keeps message, type and stack of an error, also when it comes beside a message', () => {
    const { logger, lines } = captured();
    const error = new TypeError('no bell', { cause: new Error('no tower') });
    logger.error(error, 'Bells');
    logger.error({ msg: 'failed', err: error });
    logger.error('failed', error, 'Bells');
    logger.error('as Nest does it', error.stack, 'Bells');
    for (const line of lines().slice(0, 3)) {
      expect(line.err).toMatchObject({
        type: 'TypeError',
        message: 'no bell',
        stack: expect.stringContaining('logging.spec'),
      });
      expect(line.err.cause).toMatchObject({ message: 'no tower' });
    }
    expect(lines()[3]).toMatchObject({ msg: 'as Nest does it', context: 'Bells', stack: error.stack });
  });

  it('survives errors that cause themselves, and says why a connect to several addresses failed', () => {
    const { logger, lines } = captured();
    const circle = new Error('round');
    circle.cause = circle;
    logger.error(circle);
    logger.error(new AggregateError([new Error('refused at ::1'), new Error('refused at 127.0.0.1')], ''));
    expect(lines()[0]!.err.cause.message).toBe('round');
    expect(lines()[1]!.err.message).toBe('refused at ::1, refused at 127.0.0.1');
  });

  describe('of a failed statement', () => {
    let database: TestDatabase;
    let dataSource: DataSource;

    beforeAll(async () => {
      database = await testDatabase();
      dataSource = await new DataSource({ type: 'postgres', url: database.adminUrl }).initialize();
      await database.query('CREATE TABLE contacts (phone text PRIMARY KEY, name text)');
    });

    afterAll(async () => {
      await dataSource.destroy();
      await database.drop();
    });

    it('names the column of a value that must not be missing', async () => {
      const error = await dataSource.query('INSERT INTO contacts VALUES (NULL)').catch((failure: unknown) => failure);
      const { logger, lines } = captured();
      logger.error(error);
      expect(lines()[0]!.err).toMatchObject({ code: '23502', table: 'contacts', column: 'phone' });
    });

    it('has the code and the constraint but not the rows, which are people’s', async () => {
      const insert = () => dataSource.query('INSERT INTO contacts VALUES ($1, $2)', ['+254711000111', 'Wanjiru']);
      await insert();
      const error = await insert().catch((failure: unknown) => failure);
      const { logger, text } = captured();
      logger.error(error);
      logger.error({ msg: 'question failed', err: error });
      logger.error({ msg: 'question failed', error });
      logger.error('question failed', error, 'Responder');
      logger.error({ msg: 'wrapped', err: new Error('outer', { cause: error }) });
      expect(text).toHaveLength(5);
      for (const line of text) {
        expect(line).toContain('contacts_pkey');
        expect(line).toContain('23505');
        expect(line).not.toMatch(/254711000111|Wanjiru/);
      }
    });
  });

  it('works behind Nest’s own Logger', () => {
    const { logger, lines } = captured();
    Logger.overrideLogger(logger);
    new Logger('Tower').error(new Error('cracked'));
    Logger.overrideLogger(false);
    expect(lines()[0]).toMatchObject({ level: 'error', context: 'Tower', err: { message: 'cracked' } });
  });
});

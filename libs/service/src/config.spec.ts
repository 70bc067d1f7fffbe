import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { commonConfig, ConfigError, readConfig } from './config.ts';

const own = z.object({
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).describe('Where mail is handed over'),
  SMTP_POOL: z.coerce.number().int().min(1).default(5).describe('Connections at most'),
});

const right = {
  DATABASE_URL: 'postgres://carillon_email_sender:pw@db:5432/carillon',
  AMQP_URL: 'amqp://user:pw@broker:5672',
  CARILLON_SECRET: 'a secret of thirty-two characters or more',
  SMTP_URL: 'smtp://mail:25',
};

function refusal(env: Record<string, string | undefined>): string {
  try {
    readConfig(own, { ...right, ...env });
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error('the environment was accepted');
}

describe('the environment', () => {
  it('becomes typed values with defaults, for common and own variables alike', () => {
    expect(readConfig(own, { ...right, PORT: '8080', SMTP_POOL: '2' })).toEqual({
      ...right,
      PORT: 8080,
      HOST: '0.0.0.0',
      CARILLON_AMQP_PREFIX: 'carillon',
      FORMER_SECRETS: [],
      DATABASE_POOL: 4,
      DATABASE_REQUESTS_POOL: 2,
      AMQP_PREFETCH: 10,
      LOG_LEVEL: 'info',
      SHUTDOWN_TIMEOUT_MS: 25_000,
      SMTP_POOL: 2,
    });
  });

  it('cannot be changed afterwards', () => {
    const config = readConfig(own, right) as { PORT: number };
    expect(() => (config.PORT = 1)).toThrow(TypeError);
  });

  it('treats an empty variable as one that is not set', () => {
    expect(readConfig(own, { ...right, PORT: '', LOG_LEVEL: '' })).toMatchObject({ PORT: 3000, LOG_LEVEL: 'info' });
    expect(refusal({ SMTP_URL: '' })).toContain('SMTP_URL is missing (Where mail is handed over)');
  });

  it('names every variable that is wrong at once, a line each, with what it is for', () => {
    const lines = refusal({
      PORT: 'eighty',
      AMQP_URL: 'broker:5672',
      CARILLON_SECRET: 'short',
      SMTP_POOL: '0',
      DATABASE_URL: undefined,
    }).split('\n');
    expect(lines[0]).toBe('The environment is not valid:');
    expect(lines).toHaveLength(6);
    for (const name of ['PORT', 'AMQP_URL', 'CARILLON_SECRET', 'SMTP_POOL', 'DATABASE_URL']) {
      expect(lines.find((line) => line.startsWith(`  ${name} `))).toMatch(/\(.+\)$/);
    }
  });

  it.each<[string, string]>([
    ['PORT', '70000'],
    ['PORT', '80.5'],
    ['DATABASE_URL', 'mysql://db/carillon'],
    ['AMQP_URL', 'http://broker'],
    ['CARILLON_AMQP_PREFIX', 'With Spaces'],
    ['CARILLON_SECRET', 'too short'],
    ['DATABASE_POOL', '0'],
    ['AMQP_PREFETCH', '1001'],
    ['LOG_LEVEL', 'loud'],
    ['SHUTDOWN_TIMEOUT_MS', '-1'],
    ['SMTP_URL', 'not a url'],
  ])('refuses %s=%s', (name, value) => {
    expect(refusal({ [name]: value })).toContain(`  ${name} `);
  });

  it('does not repeat the values of secrets', () => {
    const message = refusal({
      CARILLON_SECRET: 'hunter2',
      DATABASE_URL: 'mysql://u:hunter3@db/x',
      AMQP_URL: 'amqp//hunter4',
    });
    expect(message).not.toMatch(/hunter/);
  });

  it('describes every variable', () => {
    for (const [name, schema] of Object.entries({ ...commonConfig.shape, ...own.shape }))
      expect([name, (schema as z.ZodType).description]).toEqual([name, expect.any(String)]);
  });
});

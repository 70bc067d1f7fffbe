import { describe, expect, it } from '@jest/globals';
import { ConfigurationError, readConfiguration } from './configuration.ts';
import { DEFAULTS, PortInUseError, startMailbox } from './mailbox.ts';
import { runningMailbox } from './testing/running-mailbox.ts';

describe('The configuration', () => {
  it('has a default for everything, also when variables are set but empty', () => {
    expect(readConfiguration({ MAILBOX_HTTP_PORT: '', PATH: '/bin' })).toMatchObject(DEFAULTS);
  });

  it('reads numbers and URLs', () => {
    expect(
      readConfiguration({ MAILBOX_SMTP_PORT: '2525', MAILBOX_LIMIT: '5', MAILBOX_BOUNCE_URL: 'http://gateway:3000/b' }),
    ).toMatchObject({ smtpPort: 2525, limit: 5, bounceUrl: 'http://gateway:3000/b' });
  });

  it.each([
    ['MAILBOX_HTTP_PORT', '80a'],
    ['MAILBOX_SMTP_PORT', '70000'],
    ['MAILBOX_LIMIT', '0'],
    ['MAILBOX_BOUNCE_URL', 'ftp://x'],
  ])('names %s when it is %s', (name, value) => {
    const read = () => readConfiguration({ [name]: value });
    expect(read).toThrow(ConfigurationError);
    expect(read).toThrow(`${name} must be`);
  });
});

describe('A port in use', () => {
  it.each([
    ['MAILBOX_HTTP_PORT', 'httpPort'],
    ['MAILBOX_SMTP_PORT', 'smtpPort'],
  ] as const)('is named together with %s', async (variable, option) => {
    const running = await runningMailbox();
    const start = startMailbox({ httpPort: 0, smtpPort: 0, [option]: running[option] });
    await expect(start).rejects.toThrow(PortInUseError);
    await expect(start).rejects.toThrow(`Port ${running[option]} on 127.0.0.1 is in use`);
    await expect(start).rejects.toThrow(variable);
  });
});

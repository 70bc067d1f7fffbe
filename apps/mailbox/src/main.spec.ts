import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { afterwards, eventually, runningMailbox } from './testing/running-mailbox.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));

interface Program {
  process: ChildProcessWithoutNullStreams;
  output: () => string;
}

/** The program as it is started, by Node's own reading of TypeScript. */
function start(environment: Record<string, string>): Program {
  const child = spawn(process.execPath, ['--no-warnings', main], { env: environment });
  afterwards(async () => child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return { process: child, output: () => output };
}

describe('The program', () => {
  it('says where it listens, and stops on SIGTERM although clients are connected', async () => {
    const program = start({ MAILBOX_HTTP_PORT: '0', MAILBOX_SMTP_PORT: '0' });
    const [, page = '', smtp = ''] = await eventually(
      () => /on (http:\S+) .* on (smtp:\S+)/.exec(program.output()) ?? false,
    );
    const stream = await fetch(`${page}/api/stream`);
    const client = connect(Number(new URL(smtp).port), '127.0.0.1');
    await once(client, 'data');

    program.process.kill('SIGTERM');
    expect(await once(program.process, 'exit')).toEqual([0, null]);
    await stream.body?.cancel();
    client.destroy();
  });

  it('ends with one clear message when a variable is wrong', async () => {
    const program = start({ MAILBOX_LIMIT: 'many' });
    expect(await once(program.process, 'exit')).toEqual([1, null]);
    expect(program.output()).toBe(
      'The mailbox cannot start.\nMAILBOX_LIMIT must be a number of messages from 1 to 100000.\n',
    );
  });

  it('ends with one clear message when a port is in use', async () => {
    const { smtpPort } = await runningMailbox();
    const program = start({ MAILBOX_HTTP_PORT: '0', MAILBOX_SMTP_PORT: String(smtpPort) });
    expect(await once(program.process, 'exit')).toEqual([1, null]);
    expect(program.output()).toBe(
      `The mailbox cannot start.\nPort ${smtpPort} on 127.0.0.1 is in use. ` +
        'Stop the program that uses it, or set MAILBOX_SMTP_PORT to another port.\n',
    );
  });
});

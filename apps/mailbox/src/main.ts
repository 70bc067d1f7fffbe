import { ConfigurationError, readConfiguration } from './configuration.ts';
import { PortInUseError, startMailbox } from './mailbox.ts';

try {
  const mailbox = await startMailbox(readConfiguration(process.env));
  console.log(`The mailbox shows email and SMS on ${mailbox.httpUrl} and takes email on ${mailbox.smtpUrl}`);

  const stop = (): void => {
    // A second signal ends the process at once, as it does by default.
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.off(signal, stop);
    void mailbox.close();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop);
} catch (error) {
  // What the operator can mend needs no stack trace.
  const expected = error instanceof ConfigurationError || error instanceof PortInUseError;
  console.error(expected ? `The mailbox cannot start.\n${error.message}` : error);
  process.exitCode = 1;
}

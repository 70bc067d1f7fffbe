import { ConfigError } from '@carillon/service';
import type { InstallationProvider, Provider, ProviderKind } from '@carillon/delivery';
import type { Config, EmailKind } from './config.ts';
import type { EmailContent } from './email-content.ts';
import { mailgunKind, MailgunProvider } from './mailgun/mailgun-provider.ts';
import { sesKind, SesProvider } from './ses/ses-provider.ts';
import { smtpKind, SmtpProvider } from './smtp/smtp-provider.ts';

/**
 * The providers that the configuration selects, in the order in which they are asked.
 * @throws ConfigError naming the variables that they need and that are not set
 */
export function providersOf(config: Config): InstallationProvider<EmailContent>[] {
  return config.EMAIL_PROVIDER.map((kind) => ({
    kind,
    provider: made(kind, config),
    ratePerSecond: config.SEND_RATES.get(kind),
  }));
}

/** The kinds of providers that tenants can configure. */
export function kindsOf(config: Config): Record<EmailKind, ProviderKind<EmailContent>> {
  return {
    smtp: smtpKind(config.SMTP_CONNECTIONS),
    mailgun: mailgunKind(config.MAILGUN_URL),
    ses: sesKind(config.SES_URL),
  };
}

function made(kind: EmailKind, config: Config): Provider<EmailContent> {
  const from = config.MAIL_FROM;
  switch (kind) {
    case 'smtp': {
      const { SMTP_URL: server } = required(kind, config, 'SMTP_URL');
      return new SmtpProvider({ server, from, connections: config.SMTP_CONNECTIONS });
    }
    case 'mailgun': {
      const needed = required(kind, config, 'MAILGUN_DOMAIN', 'MAILGUN_API_KEY');
      return new MailgunProvider({
        domain: needed.MAILGUN_DOMAIN,
        apiKey: needed.MAILGUN_API_KEY,
        region: config.MAILGUN_REGION,
        from,
        baseUrl: config.MAILGUN_URL,
      });
    }
    case 'ses': {
      const { SES_REGION: region } = required(kind, config, 'SES_REGION');
      return new SesProvider({
        region,
        from,
        configurationSet: config.SES_CONFIGURATION_SET,
        endpoint: config.SES_URL,
        timeoutMs: config.SEND_TIMEOUT_MS,
      });
    }
  }
}

function required<Name extends keyof Config>(
  kind: EmailKind,
  config: Config,
  ...names: Name[]
): { [N in Name]: NonNullable<Config[N]> } {
  const missing = names.filter((name) => config[name] === undefined);
  if (missing.length > 0)
    throw new ConfigError(`EMAIL_PROVIDER names ${kind}, which needs ${missing.join(', ')}: not set`);
  return config as { [N in Name]: NonNullable<Config[N]> };
}

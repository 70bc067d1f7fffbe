import { ConfigError, type OutboundGuard } from '@carillon/service';
import type { InstallationProvider, Provider, ProviderKind } from '@carillon/delivery';
import { africasTalkingKind, AfricasTalkingProvider } from './africas-talking/africas-talking-provider.ts';
import type { Config, SmsKind } from './config.ts';
import { customKind, CustomHttpProvider } from './custom-http/custom-http-provider.ts';
import { SegmentLimit } from './segments/segment-limit.ts';
import type { SmsContent } from './sms-content.ts';
import { twilioKind, TwilioProvider } from './twilio/twilio-provider.ts';

/**
 * The providers that the configuration selects, in the order in which they are asked.
 * @throws ConfigError naming the variables that they need and that are not set
 */
export function providersOf(config: Config): InstallationProvider<SmsContent>[] {
  return config.SMS_PROVIDER.map((kind) => ({
    kind,
    provider: new SegmentLimit(made(kind, config)),
    ratePerSecond: config.SEND_RATES.get(kind),
  }));
}

/** The kinds of providers that tenants can configure. */
export function kindsOf(config: Config, guard: OutboundGuard): Record<SmsKind, ProviderKind<SmsContent>> {
  return {
    africastalking: limited(africasTalkingKind(config.AFRICASTALKING_URL)),
    twilio: limited(twilioKind(config.TWILIO_URL, config.PUBLIC_URL)),
    custom: limited(customKind(guard)),
  };
}

function limited(kind: ProviderKind<SmsContent>): ProviderKind<SmsContent> {
  return { ...kind, create: (parts) => new SegmentLimit(kind.create(parts)) };
}

function made(kind: SmsKind, config: Config): Provider<SmsContent> {
  const timeoutMs = config.SEND_TIMEOUT_MS;
  const senderIds = config.SMS_SENDER_IDS;
  switch (kind) {
    case 'africastalking': {
      const needed = required(kind, config, 'AFRICASTALKING_USERNAME', 'AFRICASTALKING_API_KEY');
      return new AfricasTalkingProvider({
        username: needed.AFRICASTALKING_USERNAME,
        apiKey: needed.AFRICASTALKING_API_KEY,
        from: config.AFRICASTALKING_FROM,
        senderIds,
        baseUrl: config.AFRICASTALKING_URL,
        timeoutMs,
      });
    }
    case 'twilio': {
      const needed = required(kind, config, 'TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'TWILIO_FROM');
      return new TwilioProvider({
        accountSid: needed.TWILIO_ACCOUNT_SID,
        authToken: needed.TWILIO_AUTH_TOKEN,
        from: needed.TWILIO_FROM,
        senderIds,
        publicUrl: config.PUBLIC_URL,
        baseUrl: config.TWILIO_URL,
        timeoutMs,
      });
    }
    case 'custom': {
      const { CUSTOM_SMS_URL: url } = required(kind, config, 'CUSTOM_SMS_URL');
      return new CustomHttpProvider({
        url,
        format: config.CUSTOM_SMS_FORMAT,
        headers: config.CUSTOM_SMS_HEADERS,
        body: config.CUSTOM_SMS_BODY,
        idPath: config.CUSTOM_SMS_ID_PATH,
        statusPath: config.CUSTOM_SMS_STATUS_PATH,
        outcomes: config.CUSTOM_SMS_OUTCOMES,
        senderIds,
      });
    }
  }
}

function required<Name extends keyof Config>(
  kind: SmsKind,
  config: Config,
  ...names: Name[]
): { [N in Name]: NonNullable<Config[N]> } {
  const missing = names.filter((name) => config[name] === undefined);
  if (missing.length > 0)
    throw new ConfigError(`SMS_PROVIDER names ${kind}, which needs ${missing.join(', ')}: not set`);
  return config as { [N in Name]: NonNullable<Config[N]> };
}

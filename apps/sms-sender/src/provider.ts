import { ConfigError } from '@carillon/service';
import type { Provider } from '@carillon/delivery';
import { AfricasTalkingProvider } from './africas-talking/africas-talking-provider.ts';
import type { Config } from './config.ts';
import { CustomHttpProvider } from './custom-http/custom-http-provider.ts';
import { SegmentLimit } from './segments/segment-limit.ts';
import type { SmsContent } from './sms-content.ts';
import { TwilioProvider } from './twilio/twilio-provider.ts';

/**
 * The provider that the configuration selects.
 * @throws ConfigError naming the variables that it needs and that are not set
 */
export function providerOf(config: Config): Provider<SmsContent> {
  return new SegmentLimit(selected(config));
}

function selected(config: Config): Provider<SmsContent> {
  const timeoutMs = config.SEND_TIMEOUT_MS;
  switch (config.SMS_PROVIDER) {
    case 'africastalking': {
      const needed = required(config, 'AFRICASTALKING_USERNAME', 'AFRICASTALKING_API_KEY');
      return new AfricasTalkingProvider({
        username: needed.AFRICASTALKING_USERNAME,
        apiKey: needed.AFRICASTALKING_API_KEY,
        from: config.AFRICASTALKING_FROM,
        baseUrl: config.AFRICASTALKING_URL,
        timeoutMs,
      });
    }
    case 'twilio': {
      const needed = required(config, 'TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'TWILIO_FROM');
      return new TwilioProvider({
        accountSid: needed.TWILIO_ACCOUNT_SID,
        authToken: needed.TWILIO_AUTH_TOKEN,
        from: needed.TWILIO_FROM,
        baseUrl: config.TWILIO_URL,
        timeoutMs,
      });
    }
    case 'custom': {
      const { CUSTOM_SMS_URL: url } = required(config, 'CUSTOM_SMS_URL');
      return new CustomHttpProvider({
        url,
        headers: config.CUSTOM_SMS_HEADERS,
        body: config.CUSTOM_SMS_BODY,
        idPath: config.CUSTOM_SMS_ID_PATH,
      });
    }
  }
}

function required<Name extends keyof Config>(
  config: Config,
  ...names: Name[]
): { [N in Name]: NonNullable<Config[N]> } {
  const missing = names.filter((name) => config[name] === undefined);
  if (missing.length > 0) {
    throw new ConfigError(`SMS_PROVIDER is ${config.SMS_PROVIDER}, which needs ${missing.join(', ')}: not set`);
  }
  return config as { [N in Name]: NonNullable<Config[N]> };
}

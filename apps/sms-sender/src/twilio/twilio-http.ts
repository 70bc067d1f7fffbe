import twilio from 'twilio';
import type RequestClient from 'twilio/lib/base/RequestClient.js';

/** Twilio answered, but did not take the message. */
export class TwilioRefusal extends Error {
  override readonly name = 'TwilioRefusal';
  constructor(
    readonly status: number,
    /** Twilio's error code, if it gave one. */
    readonly code: number | undefined,
    readonly retryAfter: string | undefined,
  ) {
    super(`HTTP ${status}`);
  }
}

/**
 * The SDK's HTTP client, sent to another base URL where one is given. It also keeps what the SDK's own exception leaves out:
 * the Retry-After header.
 */
export class TwilioHttp extends twilio.RequestClient {
  private readonly origin: string | undefined;

  constructor(timeoutMs: number, baseUrl?: string) {
    super({ timeout: timeoutMs });
    this.origin = baseUrl?.replace(/\/+$/, '');
  }

  override async request<T>(
    request: RequestClient.RequestOptions<T>,
  ): ReturnType<typeof twilio.RequestClient.prototype.request<T>> {
    const { pathname, search } = new URL(request.uri);
    const response = await super.request<T>({
      ...request,
      uri: this.origin ? this.origin + pathname + search : request.uri,
    });
    if (response.statusCode < 300) return response;
    const code = Number((response.body as { code?: unknown } | undefined)?.code);
    const { 'retry-after': retryAfter } = response.headers as Record<string, string | undefined>;
    throw new TwilioRefusal(response.statusCode, Number.isInteger(code) ? code : undefined, retryAfter);
  }
}

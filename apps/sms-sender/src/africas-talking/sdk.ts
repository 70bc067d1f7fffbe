/** Africa's Talking's SDK, pointed at a base URL of ours. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire } from 'node:module';
import type { AxiosInstance } from 'axios';

/** What the SDK answers to a send (https://developers.africastalking.com/docs/sms/sending/bulk). */
export interface SendAnswer {
  readonly SMSMessageData?: {
    readonly Message?: string;
    readonly Recipients?: readonly {
      readonly statusCode: number;
      readonly status: string;
      readonly messageId: string;
    }[];
  };
}

interface Sdk {
  readonly SMS: { send(message: { to: string; message: string; from?: string }): Promise<SendAnswer> };
}

/** Where and how long a call goes. */
interface Destination {
  /** Without a slash at the end; undefined: where the SDK sends by itself. */
  readonly baseUrl: string | undefined;
  readonly timeoutMs: number;
}

const require = createRequire(import.meta.url);
const createSdk = require('africastalking') as (options: { username: string; apiKey: string }) => Sdk;
// The SDK offers neither a base URL nor a time limit; it calls its axios, which does. Its own copy, wherever npm put it.
const sdkAxios = createRequire(require.resolve('africastalking'))('axios') as AxiosInstance;

/** Set while a call of ours is on its way to axios: other users of the same axios are left alone. */
const underWay = new AsyncLocalStorage<Destination>();

sdkAxios.interceptors.request.use((request) => {
  const destination = underWay.getStore();
  if (!destination || !request.url) return request;
  const { pathname, search } = new URL(request.url);
  if (destination.baseUrl) request.url = destination.baseUrl + pathname + search;
  request.timeout = destination.timeoutMs;
  // The API does not redirect; following one would hand the key to a stranger.
  request.maxRedirects = 0;
  return request;
});

/** A client of one account. */
export function connect(
  credentials: { username: string; apiKey: string },
  destination: Destination,
): Sdk['SMS'] & { account(): Promise<unknown> } {
  const { SMS } = createSdk(credentials);
  const { username, apiKey } = credentials;
  const host = username === 'sandbox' ? 'api.sandbox.africastalking.com' : 'api.africastalking.com';
  return {
    send: (message) => underWay.run(destination, () => SMS.send(message)),
    // Not by the SDK: it asks this with an axios of its own, which cannot be pointed elsewhere.
    account: () =>
      underWay.run(destination, () =>
        sdkAxios.get(`https://${host}/version1/user`, {
          params: { username },
          headers: { apiKey, Accept: 'application/json' },
        }),
      ),
  };
}

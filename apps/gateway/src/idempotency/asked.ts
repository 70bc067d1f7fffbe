import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

/** A request with a key, in hashes: nothing of it can be read back. */
export interface Asked {
  readonly tenant: string;
  /** Of the route, of whose credential it is and of the key. */
  readonly key: Buffer;
  /** Of the whole request. */
  readonly request: Buffer;
  /** Seals the answer. */
  readonly seal: Buffer;
}

/** What a request with a key consists of. */
export interface KeyedRequest {
  tenant: string;
  /** The recipient whose token it is; empty for the servers of a tenant, who share their keys. */
  recipient: string;
  /** `POST /v1/admin/schedules/:id/run` */
  route: string;
  /** As it was sent, with its query. */
  url: string;
  key: string;
  /** Parsed: how it was written does not matter. */
  body: unknown;
}

/** @param secret the installation's */
export function fingerprints(secret: string): (request: KeyedRequest) => Asked {
  const hashKey = Buffer.from(hkdfSync('sha256', secret, '', 'carillon idempotency keys', 32));
  const digest = (...parts: string[]): Buffer => {
    const hmac = createHmac('sha256', hashKey);
    for (const part of parts) hmac.update(`${part.length}:`).update(part);
    return hmac.digest();
  };
  return ({ tenant, recipient, route, url, key, body }) => {
    const whole = [tenant, recipient, route, key, url, canonical(body)];
    return {
      tenant,
      key: digest('key', tenant, recipient, route, key),
      request: digest('request', ...whole),
      seal: digest('seal', ...whole),
    };
  };
}

/** JSON with the members of its objects in one order, so that two ways of writing the same are the same. */
export function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, part: unknown) =>
      typeof part === 'object' && part !== null && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1)))
        : part,
    ) ?? ''
  );
}

/** An answer that is kept. */
export interface Answer {
  status: number;
  type: string;
  body: string;
}

/** AES-256-GCM. The key is used for the answers to one request alone. */
export function seal(answer: Answer, key: Buffer): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  return Buffer.concat([nonce, cipher.update(JSON.stringify(answer)), cipher.final(), cipher.getAuthTag()]);
}

/** @throws Error when it was sealed for another request */
export function unseal(sealed: Buffer, key: Buffer): Answer {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12), { authTagLength: 16 });
  decipher.setAuthTag(sealed.subarray(-16));
  return JSON.parse(Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]).toString()) as Answer;
}

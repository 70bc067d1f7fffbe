/** What HTTP itself says about a send, where a vendor's own code says nothing better (RFC 9110, RFC 6585). */
import type { NotAccepted } from './provider.ts';

/** Errors before a connection was there, or that end it before anything was written. */
const beforeTheRequest = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EFORBIDDEN',
]);
/** OpenSSL's verdicts on a certificate, and Node's: our configuration or the vendor's, but never the message. */
const certificate = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_|ERR_SSL_|EPROTO$)/;

/** The vendor answered with a status that is no success. */
export function refusedWith(
  vendor: string,
  status: number,
  retryAfter: string | null | undefined,
  code?: number,
): NotAccepted {
  return { ...statusOutcome(vendor, status, retryAfter, code), code: String(code ?? `HTTP ${status}`) };
}

function statusOutcome(
  vendor: string,
  status: number,
  retryAfter: string | null | undefined,
  code?: number,
): NotAccepted {
  const error = `${vendor}: HTTP ${status}${code === undefined ? '' : `, error ${code}`}`;
  if (status === 429) return { kind: 'throttled', error, retryAfterSeconds: retryAfterSeconds(retryAfter, Date.now()) };
  if (status === 401 || status === 403)
    return { kind: 'retryable', error: `${error}: the credentials are not accepted`, technical: true };
  // A gateway that lost the vendor's answer; the vendor may have taken the message.
  if (status === 504) return { kind: 'uncertain', error };
  if (status >= 500 || status === 408 || status === 425) {
    const seconds = retryAfterSeconds(retryAfter, Date.now());
    return seconds === undefined
      ? { kind: 'retryable', error }
      : { kind: 'throttled', error, retryAfterSeconds: seconds };
  }
  return { kind: 'permanent', error, technical: status === 404 || status === 405 || status < 400 };
}

/**
 * No answer came.
 * @param code of the system or the HTTP client
 * @param written whether any byte of the request may have left; without it the message cannot have been taken
 */
export function noAnswer(vendor: string, code: string, written: boolean): NotAccepted {
  return { ...silence(vendor, code, written), code };
}

function silence(vendor: string, code: string, written: boolean): NotAccepted {
  if (certificate.test(code)) return { kind: 'retryable', error: `${vendor}: TLS failed (${code})`, technical: true };
  if (!written || beforeTheRequest.has(code))
    return { kind: 'retryable', error: `${vendor} cannot be reached (${code})` };
  return { kind: 'uncertain', error: `${vendor} gave no answer (${code}), after the message had been handed over` };
}

/** `Retry-After`: seconds, or a date (RFC 9110, section 10.2.3); undefined when it is neither. */
export function retryAfterSeconds(header: string | null | undefined, nowMs: number): number | undefined {
  if (!header) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header);
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, (at - nowMs) / 1000);
}

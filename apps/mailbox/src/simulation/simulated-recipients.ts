/**
 * Recipients that behave badly on purpose, so that retries, failover, receipts and bounces can be seen without a
 * provider. This table is the only place that knows them: the SMTP server, the SMS doubles, the page and the test of
 * docs/mailbox.md read it.
 */

/** What every simulated recipient has. */
interface SimulatedRecipient {
  /** Stable name, shown with messages and refusals */
  name: string;
  /** What it does and what it is good for, one line */
  description: string;
  /** How many tries in a row are refused before one is accepted; left out: all of them */
  failures?: number;
  /** The answer comes late (MAILBOX_SLOW_MS) */
  slow?: true;
  /** The message is taken, but the connection breaks before the answer: the sender cannot know. */
  noAnswer?: true;
}

/** An email address, recognised by its local part on any domain, with or without a `+tag`. */
export interface SimulatedAddress extends SimulatedRecipient {
  /** Local part, lower case */
  localPart: string;
  /** The refusal: the SMTP reply, and the command it answers */
  refusal?: { at: 'RCPT' | 'DATA'; code: number; text: string };
  /** Taken, and reported as undeliverable later (RFC 3464) */
  bounce?: { status: string; diagnostic: string };
}

/** The refusal of one phone number, as each provider words it. A provider left out accepts. */
export interface SmsRefusal {
  /** Either a recipient's `statusCode` and `status` in an answer of 201, or an HTTP error with a plain text body */
  africastalking?: { statusCode: number; status: string } | { http: number; body: string };
  twilio?: { http: number; code: number; message: string };
  /** RFC 9457 problem */
  custom?: { http: number; code: string; title: string };
  /** Seconds, sent as the Retry-After header */
  retryAfter?: number;
}

/** A phone number in E.164. */
export interface SimulatedNumber extends SimulatedRecipient {
  number: string;
  refusal?: SmsRefusal;
  /** Accepted, and reported as undelivered later, with the reason that each provider would give */
  undelivered?: { africastalking: string; twilio: number; custom: string };
}

export const SIMULATED_ADDRESSES: readonly SimulatedAddress[] = [
  {
    localPart: 'temporary-failure',
    name: 'temporary-failure',
    description: 'Refused on every try with 451: shows retries and their end.',
    refusal: { at: 'RCPT', code: 451, text: 'Simulated temporary failure, try again later' },
  },
  {
    localPart: 'fails-twice',
    name: 'fails-twice',
    description: 'Refused with 451 on the first two tries, accepted on the third: shows a retry that succeeds.',
    failures: 2,
    refusal: { at: 'RCPT', code: 451, text: 'Simulated temporary failure, the third try succeeds' },
  },
  {
    localPart: 'mailbox-full',
    name: 'mailbox-full',
    description: 'Refused on every try with 452: temporary too, but rarely over soon.',
    refusal: { at: 'RCPT', code: 452, text: 'Simulated full mailbox' },
  },
  {
    localPart: 'permanent-failure',
    name: 'permanent-failure',
    description: 'Refused with 550: the address does not exist, trying again is pointless.',
    refusal: { at: 'RCPT', code: 550, text: 'Simulated permanent failure, no such user here' },
  },
  {
    localPart: 'refused-content',
    name: 'refused-content',
    description: 'The address is accepted, the message is refused with 554 after DATA, as a spam filter does.',
    refusal: { at: 'DATA', code: 554, text: 'Simulated refusal of the content' },
  },
  {
    localPart: 'slow',
    name: 'slow',
    description: 'Accepted, but the answer takes a few seconds.',
    slow: true,
  },
  {
    localPart: 'no-answer',
    name: 'no-answer',
    description: 'The message is taken, then the connection breaks before the answer: its outcome is uncertain.',
    noAnswer: true,
  },
  {
    localPart: 'bounce',
    name: 'bounce',
    description: 'Accepted, and a little later a delivery status notification comes back to the envelope sender.',
    bounce: { status: '5.1.1', diagnostic: 'smtp; 550 5.1.1 Simulated bounce, no such user here' },
  },
];

/**
 * The first five are Twilio's own test numbers with Twilio's own codes (https://www.twilio.com/docs/iam/test-credentials);
 * the range +1 500 555 01xx is the mailbox's. North American area code 500 is not dialled as a phone.
 * Africa's Talking status codes: https://developers.africastalking.com/docs/sms/sending/bulk
 */
export const SIMULATED_NUMBERS: readonly SimulatedNumber[] = [
  {
    number: '+15005550001',
    name: 'invalid-number',
    description: 'Permanent failure: the number is not valid.',
    refusal: {
      africastalking: { statusCode: 403, status: 'InvalidPhoneNumber' },
      twilio: { http: 400, code: 21211, message: "Invalid 'To' Phone Number: +15005550001" },
      custom: { http: 422, code: 'invalid_number', title: 'The number is not valid' },
    },
  },
  {
    number: '+15005550002',
    name: 'no-route',
    description: 'Permanent failure: the provider has no route to the number.',
    refusal: {
      africastalking: { statusCode: 407, status: 'CouldNotRoute' },
      twilio: {
        http: 400,
        code: 21612,
        message: "Message cannot be sent with the current combination of 'To' (+15005550002) and/or 'From' parameters",
      },
      custom: { http: 422, code: 'no_route', title: 'There is no route to the number' },
    },
  },
  {
    number: '+15005550003',
    name: 'country-not-enabled',
    description: "Permanent failure: the account may not send to the number's country.",
    refusal: {
      africastalking: { statusCode: 407, status: 'CouldNotRoute' },
      twilio: {
        http: 400,
        code: 21408,
        message:
          'Permission to send an SMS has not been enabled for the region indicated by the To number: +15005550003',
      },
      custom: { http: 422, code: 'country_not_enabled', title: 'Sending to this country is not enabled' },
    },
  },
  {
    number: '+15005550004',
    name: 'opted-out',
    description: 'Permanent failure: the person has opted out.',
    refusal: {
      africastalking: { statusCode: 406, status: 'UserInBlacklist' },
      twilio: { http: 400, code: 21610, message: 'Attempt to send to unsubscribed recipient' },
      custom: { http: 422, code: 'opted_out', title: 'The person has opted out' },
    },
  },
  {
    number: '+15005550009',
    name: 'not-a-mobile',
    description: 'Permanent failure: the number cannot receive SMS.',
    refusal: {
      africastalking: { statusCode: 404, status: 'UnsupportedNumberType' },
      twilio: { http: 400, code: 21614, message: "'To' number is not a valid mobile number: +15005550009" },
      custom: { http: 422, code: 'not_a_mobile', title: 'The number cannot receive SMS' },
    },
  },
  {
    number: '+15005550101',
    name: 'temporary-failure',
    description: 'Temporary failure on every try: shows retries and their end.',
    refusal: {
      africastalking: { statusCode: 501, status: 'GatewayError' },
      twilio: { http: 503, code: 20503, message: 'Service unavailable' },
      custom: { http: 503, code: 'temporary_failure', title: 'Temporarily unavailable, try again later' },
    },
  },
  {
    number: '+15005550102',
    name: 'fails-twice',
    description: 'Temporary failure on the first two tries, accepted on the third: shows a retry that succeeds.',
    failures: 2,
    refusal: {
      africastalking: { statusCode: 501, status: 'GatewayError' },
      twilio: { http: 503, code: 20503, message: 'Service unavailable' },
      custom: { http: 503, code: 'temporary_failure', title: 'Temporarily unavailable, try again later' },
    },
  },
  {
    number: '+15005550103',
    name: 'throttled-once',
    description: 'Answered once with 429 and Retry-After: 5, then accepted: shows that the provider is given its time.',
    failures: 1,
    refusal: {
      africastalking: { http: 429, body: 'Too Many Requests' },
      twilio: { http: 429, code: 20429, message: 'Too Many Requests' },
      custom: { http: 429, code: 'throttled', title: 'Too many requests' },
      retryAfter: 5,
    },
  },
  {
    number: '+15005550104',
    name: 'slow',
    description: 'Accepted, but the answer takes a few seconds.',
    slow: true,
  },
  {
    number: '+15005550105',
    name: 'undelivered-later',
    description: 'Accepted, and a little later the provider reports that it could not be delivered.',
    undelivered: { africastalking: 'UserDoesNotExist', twilio: 30003, custom: 'unreachable' },
  },
  {
    number: '+15005550106',
    name: 'no-answer',
    description: 'The message is taken, then the connection breaks before the answer: its outcome is uncertain.',
    noAnswer: true,
  },
  {
    number: '+15005550111',
    name: 'africastalking-down',
    description: "Africa's Talking answers 500, the other providers accept: shows failover.",
    refusal: { africastalking: { http: 500, body: 'There was an internal server error.' } },
  },
  {
    number: '+15005550112',
    name: 'twilio-down',
    description: 'Twilio answers 500, the other providers accept: shows failover.',
    refusal: { twilio: { http: 500, code: 20500, message: 'Internal Server Error' } },
  },
  {
    number: '+15005550113',
    name: 'custom-down',
    description: 'The custom provider answers 500, the others accept: shows failover.',
    refusal: { custom: { http: 500, code: 'internal_error', title: 'Internal error' } },
  },
];

/** An API key, auth token or bearer token with this value is refused by every SMS double, as a wrong one would be. */
export const REFUSED_CREDENTIAL = 'invalid';

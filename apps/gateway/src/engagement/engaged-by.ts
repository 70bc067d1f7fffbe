import type { EngagedBy } from '@carillon/contracts';

/** What a request tells of whoever makes it. Header names are in small letters. */
export interface Visit {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Mail services that fetch all pictures when an email arrives, whether anybody opens it or not. */
const prefetching = [
  // Apple's Mail Privacy Protection says nothing else of itself.
  /^Mozilla\/5\.0$/,
  // Gmail on arrival; on opening it names itself GoogleImageProxy.
  /Edge\/12\.246 Mozilla\/5\.0$/,
];

/** Programs that name themselves: crawlers, scanners of mail, libraries, previews in chats. */
const programs =
  /bot\b|crawl|spider|slurp|scan|headless|phantom|monitor|preview|facebookexternalhit|barracuda|proofpoint|mimecast|fireeye|trendmicro|sophos|curl\/|wget\/|python|java\/|go-http-client|okhttp|axios|node-fetch|undici|libwww|httpclient|^node$/i;

/** Who opened an email or followed its link, as far as the request tells. */
export function engagedBy({ method, headers }: Visit): EngagedBy {
  const header = (name: string): string => String(headers[name] ?? '');
  if (method === 'HEAD') return 'bot';
  const purpose = ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'].map(header).join(' ');
  if (/prefetch|prerender|preview/i.test(purpose)) return 'prefetch';
  const agent = header('user-agent').trim();
  if (prefetching.some((known) => known.test(agent))) return 'prefetch';
  return agent === '' || programs.test(agent) ? 'bot' : 'person';
}

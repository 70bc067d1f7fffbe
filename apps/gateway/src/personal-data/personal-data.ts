import { Injectable } from '@nestjs/common';
import { personalData, personalDataServices, type PersonalDataSection } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { MessageStore } from '../outbound-webhooks/message-store.ts';
import { ErasedLetters } from '../erasure/erased-letters.ts';

/** Rows of a page: a long e-mail each, they still make a message that the broker takes easily. */
const pageSize = 25;

interface Page {
  section: PersonalDataSection | 'dead_letters' | 'webhook_messages';
  rows: readonly object[];
  next: string | null;
}

/** Answers page by page what one place holds. */
type Source = (cursor: string | null) => Promise<Page>;

/** Gathers what is held about a person: from every service that keeps something, and from here. */
@Injectable()
export class PersonalData {
  constructor(
    private readonly messages: Messages,
    private readonly letters: ErasedLetters,
    private readonly webhooks: MessageStore,
  ) {}

  /**
   * The export as JSON text, in pieces, so that a long history is never in memory as a whole.
   *
   * @returns undefined when nothing is held
   * @throws Problem 503 when a service is away; once the pieces have begun, they end with the error instead
   */
  async export(tenant: string, recipient: string, now: Date): Promise<AsyncIterable<string> | undefined> {
    const sources = this.sources(tenant, recipient);
    // Each is asked at once, while the answer can still be an error or that there is nothing.
    const firsts = await Promise.all(sources.map((source) => source(null).then((page) => beginning(source, page))));
    if (firsts.every((pages) => pages.every(({ rows }) => rows.length === 0))) return undefined;
    const began = firsts.map((pages, index) => ({ pages, source: sources[index]! }));
    return json({ tenant, recipient, exported_at: now.toISOString() }, began);
  }

  private sources(tenant: string, recipient: string): Source[] {
    const of = { tenant, recipient, limit: pageSize };
    return [
      ...personalDataServices.map(
        (service): Source =>
          (cursor) =>
            this.messages.call(personalData, { ...of, service, cursor }),
      ),
      async (cursor) => ({ section: 'dead_letters', ...(await this.letters.naming({ ...of, cursor })) }),
      async (cursor) => ({ section: 'webhook_messages', ...(await this.webhooks.about({ ...of, cursor })) }),
    ];
  }
}

/** Up to the first page with rows, or to the end: then it is known whether a source holds anything. */
async function beginning(source: Source, first: Page): Promise<Page[]> {
  const pages = [first];
  for (let page = first; page.rows.length === 0 && page.next !== null;) pages.push((page = await source(page.next)));
  return pages;
}

async function* json(head: object, sources: readonly { pages: Page[]; source: Source }[]): AsyncGenerator<string> {
  yield JSON.stringify(head).slice(0, -1);
  for (const { pages, source } of sources) {
    let section: string | undefined;
    let rowsBefore = 0;
    for await (const page of all(pages, source)) {
      if (page.section !== section) {
        yield `${section === undefined ? '' : ']'},${JSON.stringify((section = page.section))}:[`;
        rowsBefore = 0;
      }
      for (const row of page.rows) yield (rowsBefore++ > 0 ? ',' : '') + JSON.stringify(row);
    }
    yield ']';
  }
  yield '}';
}

async function* all(pages: readonly Page[], source: Source): AsyncGenerator<Page> {
  yield* pages;
  for (let { next } = pages.at(-1)!; next !== null;) {
    const page = await source(next);
    yield page;
    next = page.next;
  }
}

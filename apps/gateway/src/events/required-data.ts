import { Problem, requiredData, type RequiredField, type UsedWords, type WordsRef } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { missingData } from './missing-data.ts';

/** How long an answer counts where a change of templates went unheard, in milliseconds. */
const lifetime = 30_000;
/** How long an event waits for the renderer at most; it is accepted unchecked then. */
const patience = 2_000;
/** How long the renderer is then left alone, so that only one event at a time pays for its being away. */
const respite = 10_000;

type Required = readonly RequiredField[] | undefined;

/** An event, as far as its data are concerned. */
export interface CheckedEvent {
  data?: Readonly<Record<string, unknown>>;
  /** As the check told it; an earlier release of `preferences` does not. */
  words?: readonly UsedWords[];
}

/**
 * Which data templates need: asked once, remembered until templates change. Without the renderer events are accepted, and those
 * that lack something are parked by it later: a check that is a courtesy must not stop a password code.
 */
@Injectable()
export class RequiredData {
  private readonly logger = new Logger(RequiredData.name);
  private readonly known = new LRUCache<string, Promise<Required>>({ max: 10_000, ttl: lifetime });

  constructor(private readonly messages: Messages) {
    messages.onConnected(() => this.known.clear());
  }

  /** @throws Problem 422 `missing_data` naming each field and the templates that need it */
  async refuseMissing(tenant: string, event: CheckedEvent): Promise<void> {
    const [problem] = await this.problemsOf(tenant, [event]);
    if (problem) throw problem;
  }

  /** The same for many events, with one question at most for all of them; undefined for those that lack nothing. */
  async problemsOf(tenant: string, events: readonly CheckedEvent[]): Promise<(Problem | undefined)[]> {
    const used = events.map(({ words = [] }) => words);
    const required = this.of(tenant, used.flat());
    return Promise.all(
      events.map(async ({ data = {} }, index) => {
        const words = used[index]!;
        return missingData(data, words, await Promise.all(words.map((one) => required.get(keyOf(tenant, one)))));
      }),
    );
  }

  /** After the tenant's templates changed. */
  forget(tenant: string): void {
    const ofTenant = `[${JSON.stringify(tenant)},`;
    for (const key of [...this.known.keys()]) if (key.startsWith(ofTenant)) this.known.delete(key);
  }

  private of(tenant: string, words: readonly WordsRef[]): Map<string, Promise<Required>> {
    const wanted = new Map(words.map((one) => [keyOf(tenant, one), one]));
    const answers = new Map<string, Promise<Required>>();
    const unknown: [key: string, WordsRef][] = [];
    for (const [key, one] of wanted) {
      const answer = this.known.get(key);
      if (answer) answers.set(key, answer);
      else unknown.push([key, one]);
    }
    if (unknown.length === 0) return answers;
    const asked = this.ask(
      tenant,
      unknown.map(([, one]) => one),
    );
    unknown.forEach(([key], index) => {
      const answer = asked.then((all) => all?.[index]);
      this.known.set(key, answer);
      answers.set(key, answer);
      void answer.then((fields) => {
        // Kept under the same key unless templates changed meanwhile.
        if (!fields && this.known.peek(key) === answer) this.known.set(key, answer, { ttl: respite });
      });
    });
    return answers;
  }

  /** @returns undefined when the renderer does not answer */
  private async ask(tenant: string, words: readonly WordsRef[]): Promise<RequiredField[][] | undefined> {
    const asked = words.map(({ template, catalog_version }) => ({ template, catalog_version }));
    try {
      return (await this.messages.call(requiredData, { tenant, words: asked }, { timeoutMs: patience })).required;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.logger.warn({ msg: 'events are accepted without looking at their data', reason: error.message });
      return undefined;
    }
  }
}

function keyOf(tenant: string, { template, catalog_version = 0 }: WordsRef): string {
  return JSON.stringify([tenant, template, catalog_version]);
}

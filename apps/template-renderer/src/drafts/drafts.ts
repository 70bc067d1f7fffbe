import { Problem, type deleteDraft, type saveDraft, type TemplateWarning } from '@carillon/contracts';
import type { RequestOf } from '@carillon/messaging';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { keyNamed, nameOf } from '../templates/template-name.ts';
import type { TemplateKey } from '../templates/template.ts';
import { TemplateStore } from '../templates/template-store.ts';
import { draftExists, refuseUnseen, wrongTemplate } from './draft-problems.ts';
import { DraftStore, type Draft } from './draft-store.ts';
import { WordsCheck } from './words-check.ts';

/** Words that admins work on; nothing of them is sent. What is kept could be published as it is. */
@Injectable()
export class Drafts {
  constructor(
    private readonly db: DataSource,
    private readonly drafts: DraftStore,
    private readonly templates: TemplateStore,
    private readonly words: WordsCheck,
  ) {}

  /** The tenant's draft of a template; null where there is none. */
  get(key: TemplateKey): Promise<Draft | null> {
    return this.drafts.get(key);
  }

  /** @throws Problem as the contract says */
  async save(request: RequestOf<typeof saveDraft>): Promise<TemplateWarning[]> {
    const { expected, by } = request;
    const key = keyNamed(request.tenant, request.key);
    const { source, warnings } = await this.words.check(key, request.source, request.schema).catch((error: unknown) => {
      throw wrongTemplate(error);
    });
    await this.db.transaction(async (manager) => {
      const draft = await this.drafts.get(key, manager, true);
      refuseUnseen(key, draft, expected);
      const newest = (await this.templates.newest(key, manager))?.version ?? 0;
      const based_on = request.based_on ?? draft?.based_on ?? newest;
      if (based_on > newest) throw unknownBase(newest);
      const [put] = await this.drafts.putAll([{ key, source, based_on, updated_by: by }], draft !== null, manager);
      // Somebody else began one at this very moment.
      if (!put) throw draftExists(key, (await this.drafts.get(key, manager))!);
    });
    return warnings.map(({ path, ...warning }) => ({ path: `source.${path}`, ...warning }));
  }

  /** @throws Problem as the contract says @returns what it was */
  async delete({ tenant, key: name, expected = '*' }: RequestOf<typeof deleteDraft>): Promise<Draft> {
    const key = keyNamed(tenant, name);
    return this.db.transaction(async (manager) => {
      const draft = await this.drafts.get(key, manager, true);
      if (!draft) throw Problem.notFound('draft', nameOf(key));
      refuseUnseen(key, draft, expected);
      await this.drafts.delete(key, manager);
      return draft;
    });
  }
}

function unknownBase(newest: number): Problem {
  const message =
    newest === 0 ? 'must be 0: nothing is published yet' : `must be at most ${newest}, the newest version`;
  return Problem.unprocessable('invalid_template', 'The template is not valid', [{ path: 'based_on', message }]);
}

import { deleteDraft, saveDraft } from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { Library } from '../library/library.ts';
import { Drafts } from './drafts.ts';

/** Keeps and throws away drafts. */
@Controller()
export class DraftsController {
  constructor(
    private readonly drafts: Drafts,
    private readonly library: Library,
  ) {}

  @MessagePattern<string>(saveDraft.name)
  async save(@Payload() request: RequestOf<typeof saveDraft>): Promise<ResponseOf<typeof saveDraft>> {
    const warnings = await this.drafts.save(request);
    const { tenant, key } = request;
    return { template: await this.library.get({ tenant, key, owner: 'own' }), warnings };
  }

  @MessagePattern<string>(deleteDraft.name)
  async delete(@Payload() request: RequestOf<typeof deleteDraft>): Promise<ResponseOf<typeof deleteDraft>> {
    const { source, updated_at, ...draft } = await this.drafts.delete(request);
    return { draft: { ...draft, source: source as Record<string, unknown>, updated_at: updated_at.toISOString() } };
  }
}

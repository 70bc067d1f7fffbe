import { Body, Controller, Get, Put } from '@nestjs/common';
import { z } from 'zod';
import { Allow, CallerName, Tenant } from '../access/access.guard.ts';
import { Describe } from '../http/describe.ts';
import { body } from '../http/input.pipe.ts';
import { originsAtMost, originsSchema } from './origin.ts';
import { Origins, type OriginList } from './origins.ts';

const inputSchema = z.strictObject({
  origins: originsSchema.describe(
    `All of them, up to ${originsAtMost}: scheme, host and, where it is not the usual one, port, as browsers send it. \`http://\` for \`localhost\` only.`,
  ),
});
const listSchema = z.object({
  origins: z.array(z.string()),
  updated_at: z.iso.datetime().nullable().describe('null while nobody has set any.'),
  updated_by: z.string().nullable(),
});
const example = ['https://app.example.com', 'http://localhost:5173'];

/** Whose pages may act for a tenant's recipients in a browser. */
@Controller('v1/admin/origins')
@Allow('admin', 'owner')
export class OriginsController {
  constructor(private readonly origins: Origins) {}

  @Get()
  @Describe({
    summary: 'The origins whose pages may call Carillon',
    description: 'Beside those of this installation, which the settings name.',
    response: listSchema,
    responseExample: { origins: example, updated_at: '2026-11-21T09:30:00.000Z', updated_by: 'Amina' },
  })
  get(@Tenant() tenant: string): Promise<OriginList> {
    return this.origins.get(tenant);
  }

  @Put()
  @Describe({
    summary: 'Set the origins whose pages may call Carillon',
    description:
      'Browsers let pages of these origins use the routes of client apps with tokens of your recipients, and open WebSockets; what others try is answered 403 `origin_not_allowed`. The list takes the place of the former one: at once on the replica that is asked, on the others within a second. WebSockets of pages that are not allowed any more are closed.',
    body: inputSchema,
    bodyExample: { origins: example },
    response: listSchema,
    responseExample: { origins: example, updated_at: '2026-11-21T09:30:00.000Z', updated_by: 'Amina' },
  })
  put(
    @Tenant() tenant: string,
    @CallerName() by: string,
    @Body(body(inputSchema)) { origins }: z.infer<typeof inputSchema>,
  ): Promise<OriginList> {
    return this.origins.put(tenant, origins, by);
  }
}

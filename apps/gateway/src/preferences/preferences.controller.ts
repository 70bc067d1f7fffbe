import { Body, Controller, Get, Patch, Post, Put } from '@nestjs/common';
import {
  admitTest,
  availableChannels,
  changePreferences,
  checkEvent,
  defaultPreferencesSchema,
  getDefaultPreferences,
  getPreferences,
  preferencesSchema,
  setPreferences,
  type DefaultPreferences,
  type Preferences,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { z } from 'zod';
import { Allow, Me } from '../access/access.guard.ts';
import { FrontDoor } from '../events/front-door.ts';
import { RequiredData } from '../events/required-data.ts';
import { Describe } from '../http/describe.ts';
import { body } from '../http/input.pipe.ts';
import { Identity, type RequestIdentity } from '../idempotency/request-identity.ts';
import { changing, merging, replacing, unchecked } from './routes.ts';

type Recipient = { tenant: string; recipient: string };
type Input = Record<string, unknown>;

const testSchema = z.strictObject({ channel: z.enum(availableChannels) });
const testedSchema = z.object({ notification_id: z.string() });

/** What a recipient chose: switches per channel, category and type, how often, mutes and quiet hours. */
@Controller('v1/preferences')
@Allow('recipient')
export class PreferencesController {
  constructor(
    private readonly messages: Messages,
    private readonly required: RequiredData,
    private readonly frontDoor: FrontDoor,
  ) {}

  @Get()
  @Describe({ summary: 'My preferences', response: preferencesSchema, errors: { 404: 'not_found' } })
  get(@Me() me: Recipient): Promise<Preferences> {
    return this.messages.call(getPreferences, me);
  }

  @Get('defaults')
  @Describe({
    summary: 'What holds where I chose nothing',
    description:
      'Every category and type with its channels, the tenant’s defaults over the catalog: enough to draw a page of switches. The switches of a type that is `mandatory` have no effect.',
    response: defaultPreferencesSchema,
  })
  defaults(@Me() { tenant }: Recipient): Promise<DefaultPreferences> {
    return this.messages.call(getDefaultPreferences, { tenant });
  }

  @Put()
  @Describe({ summary: 'Replace my preferences', ...replacing })
  replace(@Me() me: Recipient, @Body(unchecked) preferences: Input): Promise<Preferences> {
    return this.messages.call(setPreferences, { ...me, mode: 'replace', preferences });
  }

  @Patch()
  @Describe({ summary: 'Merge into my preferences', ...merging })
  merge(@Me() me: Recipient, @Body(unchecked) preferences: Input): Promise<Preferences> {
    return this.messages.call(setPreferences, { ...me, mode: 'merge', preferences });
  }

  @Post('bulk')
  @Describe({ summary: 'Change many of my preferences in one call', ...changing })
  change(@Me() me: Recipient, @Body(unchecked) change: Input): Promise<Preferences> {
    return this.messages.call(changePreferences, { ...me, change });
  }

  @Post('test')
  @Describe({
    summary: 'Send myself a test message',
    description:
      'A message of the type `test_message` goes the ordinary way, by this channel only and whatever I switched off. Three in ten minutes by each channel.',
    body: testSchema,
    bodyExample: { channel: 'email' },
    response: testedSchema,
    status: 202,
    errors: { 404: 'not_found', 422: 'no_contact, suppressed_contact, unknown_type', 429: 'too_many_tests' },
  })
  async test(
    @Me() { tenant, recipient }: Recipient,
    @Identity() identity: RequestIdentity,
    @Body(body(testSchema)) { channel }: z.infer<typeof testSchema>,
  ): Promise<z.infer<typeof testedSchema>> {
    await this.messages.call(admitTest, { tenant, channel, to: recipient, limit: 'recipient' });
    const event = { type: 'test_message', recipients: [recipient], channels: [channel] };
    const { types, words } = await this.messages.call(checkEvent, { tenant, event });
    await this.required.refuseMissing(tenant, { words });
    const { notifications } = await this.frontDoor.accept(tenant, event, types, identity);
    return { notification_id: notifications![0]!.id };
  }
}

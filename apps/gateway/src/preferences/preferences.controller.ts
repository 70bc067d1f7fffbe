import { Body, Controller, Get, Patch, Post, Put } from '@nestjs/common';
import {
  changePreferences,
  defaultPreferencesSchema,
  getDefaultPreferences,
  getPreferences,
  preferencesSchema,
  setPreferences,
  type DefaultPreferences,
  type Preferences,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { Allow, Me } from '../access/access.guard.ts';
import { Describe } from '../http/describe.ts';
import { changing, merging, replacing, unchecked } from './routes.ts';

type Recipient = { tenant: string; recipient: string };
type Input = Record<string, unknown>;

/** What a recipient chose: switches per channel, category and type, how often, mutes and quiet hours. */
@Controller('v1/preferences')
@Allow('recipient')
export class PreferencesController {
  constructor(private readonly messages: Messages) {}

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
}

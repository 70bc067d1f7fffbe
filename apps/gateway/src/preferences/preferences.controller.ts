import { Body, Controller, Get, Patch, Put } from '@nestjs/common';
import { getPreferences, preferencesSchema, setPreferences, type Preferences } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { Allow, Me } from '../access/access.guard.ts';
import { Describe } from '../http/describe.ts';
import { body } from '../http/input.pipe.ts';

type Recipient = { tenant: string; recipient: string };

/** What a recipient chose: switches per channel, category and type. */
@Controller('v1/preferences')
@Allow('recipient')
export class PreferencesController {
  constructor(private readonly messages: Messages) {}

  @Get()
  @Describe({ summary: 'My preferences', response: preferencesSchema })
  get(@Me() me: Recipient): Promise<Preferences> {
    return this.messages.call(getPreferences, me);
  }

  @Put()
  @Describe({
    summary: 'Replace my preferences',
    body: preferencesSchema,
    response: preferencesSchema,
    errors: { 422: 'invalid_preferences' },
  })
  replace(@Me() me: Recipient, @Body(body(preferencesSchema)) preferences: Preferences): Promise<Preferences> {
    return this.messages.call(setPreferences, { ...me, mode: 'replace', preferences });
  }

  @Patch()
  @Describe({
    summary: 'Merge into my preferences',
    body: preferencesSchema,
    response: preferencesSchema,
    errors: { 422: 'invalid_preferences' },
  })
  merge(@Me() me: Recipient, @Body(body(preferencesSchema)) preferences: Preferences): Promise<Preferences> {
    return this.messages.call(setPreferences, { ...me, mode: 'merge', preferences });
  }
}

import type { EmailRendered } from '@carillon/contracts';

/** The words of an email and what goes with them, as they are kept and as they are given to a provider. */
export type EmailContent = Pick<
  EmailRendered,
  'subject' | 'html' | 'text' | 'reply_to' | 'attachments' | 'unsubscribe_url'
> & {
  /** Where opens and clicks of this delivery are counted; the HTML that is kept has none of it. */
  readonly tracked_by?: TrackedBy;
};

/** Each is left out where it is not counted. */
export interface TrackedBy {
  /** The picture that tells of an open. */
  readonly opens?: string;
  /** What leads to a link, before `.` and its number. */
  readonly clicks?: string;
}

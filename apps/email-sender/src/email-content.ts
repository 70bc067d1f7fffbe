/** The words of an email. */
export interface EmailContent {
  readonly subject: string;
  readonly html: string;
  readonly text: string;
}

/** The words of an SMS. */
export interface SmsContent {
  readonly text: string;
}

/**
 * What one part of a template (a subject, a body) may use. A built-in email takes about 10,000 characters and well
 * under a millisecond; beyond these figures a template is broken or hostile.
 */
export const limits = {
  /** Characters of one text as it is written. Some of what is done when it is saved takes the square of its length. */
  written: 50_000,
  /** MJML components of one email: half a millisecond each to compile. */
  components: 500,
  /** Characters of Liquid that is left when it is compiled. */
  source: 200_000,
  /** Characters of output: Gmail cuts an email off after 102,400 bytes. */
  output: 500_000,
  /** Milliseconds; generous, because the clock also runs while another process has the CPU. */
  time: 500,
  /** Array elements and characters that filters, ranges and captures may allocate. */
  memory: 1_000_000,
} as const;

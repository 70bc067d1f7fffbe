/** How many deliveries of a variant there are, by what became of them. */
export interface VariantCounts {
  sent: number;
  delivered: number;
  failed: number;
  opened: number;
  clicked: number;
  /** All that were sent or failed. */
  ended: number;
}

export const nothingYet: VariantCounts = { sent: 0, delivered: 0, failed: 0, opened: 0, clicked: 0, ended: 0 };

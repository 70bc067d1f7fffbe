import { setImmediate as turn } from 'node:timers/promises';

/** How long one slice of work takes before others get their turn, in milliseconds. */
const slice = 10;

/** Works on many items one after the other without holding up whatever else the process has to do. */
export async function inSlices<Item>(items: readonly Item[], work: (item: Item, index: number) => void): Promise<void> {
  let began = performance.now();
  for (let index = 0; index < items.length; index += 1) {
    if (performance.now() - began > slice) {
      await turn();
      began = performance.now();
    }
    work(items[index]!, index);
  }
}

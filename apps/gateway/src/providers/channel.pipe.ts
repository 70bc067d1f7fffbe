import { Problem, sentChannels, type SentChannel } from '@carillon/contracts';

/** A channel that a sender serves. @throws Problem 404 */
export const sentChannel = {
  transform(value: string): SentChannel {
    if ((sentChannels as readonly string[]).includes(value)) return value as SentChannel;
    throw Problem.notFound('channel', value.slice(0, 64));
  },
};

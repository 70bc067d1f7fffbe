import type { RenderedDelivery } from '../rendering/render-notification.ts';

/** Under which type tests stand in the log and in statistics, so that they are never counted with what people got. */
export const testType = 'test_message';

/** The same words, marked so that neither the reader nor the log takes them for real. */
export function asTest({ channel, data }: RenderedDelivery): RenderedDelivery {
  const common = { type: testType, category: 'system' };
  switch (channel) {
    case 'in_app': {
      const metadata = { ...data.metadata, test: true, template: data.template.key };
      return { channel, data: { ...data, ...common, title: `[Test] ${data.title}`, metadata } };
    }
    case 'email':
      return { channel, data: { ...data, ...common, subject: `[Test] ${data.subject}` } };
    case 'sms':
      // No brackets: in SMS each takes the room of two letters.
      return { channel, data: { ...data, ...common, text: `Test: ${data.text}` } };
  }
}

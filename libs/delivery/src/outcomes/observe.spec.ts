import { experimentObserved, type CloudEvent, type ExperimentObserved } from '@carillon/contracts';
import { until } from '@carillon/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { renderedFor, SenderUnderTest, someNumber } from '../../testing/sender-under-test.ts';

let sender: SenderUnderTest;
let observed: CloudEvent<ExperimentObserved>[];

beforeAll(async () => {
  sender = await SenderUnderTest.start();
  observed = await sender.service.broker.capture(experimentObserved);
});
afterAll(() => sender?.service.close());

describe('what becomes of a delivery', () => {
  it('is told to the experiment that it takes part in, and of the others nothing', async () => {
    const template = { key: 'lesson', version: 2, locale: 'en' };
    const trial = { ...template, experiment: '019aa5e5-8f00-8e00-8000-000000000001', variant: 'short' };
    const [plain, taking] = [renderedFor(someNumber(), { template }), renderedFor(someNumber(), { template: trial })];
    await sender.publish(plain);
    await sender.reaches(plain.delivery_id, 'sent');
    await sender.publish(taking);
    const { data, tenant } = await until('it is told', () => observed[0]);
    expect(tenant).toBe('school');
    expect(data).toEqual({
      experiment: trial.experiment,
      variant: 'short',
      delivery_id: taking.delivery_id,
      channel: 'sms',
      what: 'sent',
      at: expect.any(String),
    });
    const outcome = await until('the outcome is told', () => sender.eventsOf(taking.delivery_id)[0]);
    expect(outcome.data.template).toEqual(trial);
    expect(observed).toHaveLength(1);
  });
});
